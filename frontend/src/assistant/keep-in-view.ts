/** Keeps one's own suggestion in view while it grows or something comes to lie over it, until the person scrolls themselves. */

/** What lies over the text's end: the bottom line, the bars, notices, on narrow screens the panels. */
const OVER_THE_END = ".editor-bottom, .suggestion-bar, .toast, .rail";
const OVER_THE_BEGINNING = ".editor-head";
/** What of these is there from the beginning, and changes its size. */
const WATCHED = ".editor-bottom, .suggestion-bar, .toasts, .rail";
/** About a line between the suggestion and what lies over the text. */
const GAP_PX = 32;

export class ViewKeeper {
  private handedOver = false;
  private kept: { element: HTMLElement; scrolled: number } | null = null;
  private watcher: ResizeObserver | null = null;

  constructor() {
    const handOver = () => {
      this.handedOver = true;
    };
    for (const kind of ["wheel", "touchmove"]) window.addEventListener(kind, handOver, { passive: true });
    window.visualViewport?.addEventListener("resize", () => this.keepAgain());
  }

  /** A new suggestion: look after it. */
  begin(): void {
    this.handedOver = false;
    this.watch();
  }

  /** Bring it into view from wherever it is, its beginning before its end, and look after it. */
  show(element: HTMLElement): void {
    this.begin();
    const above = element.getBoundingClientRect().top - clearBand(element).top;
    if (above < 0) this.scroll(element, above);
    else this.keep(element);
  }

  /** Bring its end into view, as far as its beginning stays there. */
  keep(element: HTMLElement): void {
    if (this.handedOver) return;
    const { top, bottom } = element.getBoundingClientRect();
    const clear = clearBand(element);
    this.scroll(element, Math.max(0, Math.min(bottom - clear.bottom, top - clear.top)));
  }

  private scroll(element: HTMLElement, by: number): void {
    if (by !== 0) window.scrollBy(0, by);
    this.kept = { element, scrolled: window.scrollY };
  }

  /** The bar has other buttons, a notice came, the keyboard on the screen opened. Who went elsewhere meanwhile stays there. */
  private keepAgain(): void {
    if (this.kept?.element.isConnected && Math.abs(window.scrollY - this.kept.scrolled) <= 1)
      this.keep(this.kept.element);
  }

  private watch(): void {
    this.watcher?.disconnect();
    this.watcher = new ResizeObserver(() => this.keepAgain());
    for (const element of document.querySelectorAll(WATCHED)) this.watcher.observe(element);
  }
}

/** Return between which heights of the window nothing lies over `element`. */
function clearBand(element: HTMLElement): { top: number; bottom: number } {
  const tops = [viewBottom(), ...rectsOver(element, OVER_THE_END).map(({ top }) => top)];
  const bottoms = [0, ...rectsOver(element, OVER_THE_BEGINNING).map(({ bottom }) => bottom)];
  return { top: Math.max(...bottoms) + GAP_PX, bottom: Math.min(...tops) - GAP_PX };
}

/** Where the window ends, or the keyboard on the screen begins. Of an enlarged page every part is looked at by hand. */
function viewBottom(): number {
  const seen = window.visualViewport;
  return seen && Math.abs(seen.scale - 1) < 0.01 ? seen.offsetTop + seen.height : window.innerHeight;
}

/** What is beside the element, as the panels on wide screens, or not shown covers nothing. */
function rectsOver(element: HTMLElement, selector: string): DOMRect[] {
  const { left, right } = element.getBoundingClientRect();
  return [...document.querySelectorAll(selector)]
    .map((one) => one.getBoundingClientRect())
    .filter((rect) => rect.height > 0 && rect.left < right && rect.right > left);
}
