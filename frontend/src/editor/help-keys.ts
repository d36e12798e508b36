/** `?` lists the keys wherever it is not typed into something; Mod + / does so everywhere. */
import { OnDemand } from "./on-demand";

const TYPED_INTO = "input, textarea, select, [contenteditable=true], dialog";

export function bindHelp(button: HTMLElement): void {
  const help = new OnDemand("The list of keys", () => import("./help"));
  const open = async () => (await help.wanted()).openHelp();
  button.addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || !asks(event)) return;
    event.preventDefault();
    open();
  });
}

function asks({ key, ctrlKey, metaKey, target }: KeyboardEvent): boolean {
  const inside = target instanceof Element ? target : null;
  if (ctrlKey || metaKey) return key === "/" && !document.querySelector("dialog[open]");
  return key === "?" && !inside?.closest(TYPED_INTO);
}
