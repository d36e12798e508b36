/** A ghost, and the element that shows its words. */
import type { Anchor } from "../collaboration/anchors";
import { safeColor } from "../collaboration/carets";

export interface GhostSource {
  id: string;
  anchor: Anchor;
  /** Asked for by the person at this browser. */
  mine: boolean;
  /** Nobody else sees it (inline completion): moving the caret away dismisses it. */
  private: boolean;
  name: string;
  color: string;
  demo: boolean;
}

export interface Ghost extends GhostSource {
  text: string;
  over: boolean;
  /** What comes next is held back until it is clear what it is. */
  held: boolean;
  /** The person at this browser wrote or took the last of what is consumed. */
  takenHere: boolean;
  /** Taken by a key before a whole word was there: as much is taken with the words that come next. */
  wanted: Amount | null;
}

export type Amount = "all" | "word";

export interface Drawn {
  ghost: Ghost;
  element: HTMLElement;
  words: Text;
  /** The blank before the text that follows, while it is not known yet which word is the last. */
  gap: Text;
  tag: HTMLElement;
}

export function draw(ghost: Ghost): Drawn {
  const element = document.createElement("span");
  element.className = "ghost ghost-wait";
  element.dataset.mine = String(ghost.mine);
  element.dataset.ghost = ghost.id;
  element.setAttribute("aria-hidden", "true");
  element.contentEditable = "false";
  if (!ghost.mine) element.style.setProperty("--person", safeColor(ghost.color));
  const words = document.createTextNode("");
  const tag = document.createElement("span");
  tag.className = "ghost-tag";
  tag.textContent = tagWords(ghost);
  tag.hidden = true;
  const gap = document.createTextNode("");
  element.append(words, gap, tag);
  return { ghost, element, words, gap, tag };
}

export function tagWords(ghost: Ghost): string {
  return [ghost.mine ? "" : ghost.name, ghost.demo ? "demo" : ""].filter(Boolean).join(" · ");
}

/** Show `rest` with `seam` behind it, by no more than what changed. */
export function redraw({ ghost, element, words, gap, tag }: Drawn, rest: string, seam: string): void {
  const shown = words.data;
  if (rest.length > shown.length && rest.startsWith(shown)) words.appendData(rest.slice(shown.length));
  else if (rest !== shown) words.data = rest;
  if (seam !== gap.data) gap.data = seam;
  element.classList.toggle("ghost-wait", !ghost.over && (rest === "" || ghost.held));
  tag.hidden = rest === "";
}
