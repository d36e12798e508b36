/** A small panel that floats beside something in the text. */
import {
  autoUpdate,
  computePosition,
  flip,
  offset,
  type Placement,
  shift,
  type VirtualElement,
} from "@floating-ui/dom";

export interface Floating {
  /** Show it beside `reference`, and keep it there. */
  show(reference: VirtualElement): void;
  hide(): void;
  readonly shown: boolean;
}

/** Where floating panels live: inside the page's main landmark. */
export function floatingHome(): HTMLElement {
  return document.getElementById("sheet") ?? document.body;
}

export function makeFloating(panel: HTMLElement, placement: Placement): Floating {
  let stop: (() => void) | null = null;
  panel.hidden = true;
  return {
    show(reference) {
      stop?.();
      panel.hidden = false;
      stop = autoUpdate(reference, panel, () => place(reference, panel, placement));
    },
    hide() {
      stop?.();
      stop = null;
      // Setting an attribute costs a look at the styles, also where it is set already; this is asked with every key.
      if (!panel.hidden) panel.hidden = true;
    },
    get shown() {
      return stop !== null;
    },
  };
}

async function place(reference: VirtualElement, panel: HTMLElement, placement: Placement): Promise<void> {
  const middleware = [offset(8), flip({ padding: 8 }), shift({ padding: 8 })];
  const { x, y } = await computePosition(reference, panel, { placement, strategy: "fixed", middleware });
  panel.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
}
