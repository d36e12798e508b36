/** A suggestion, the run that found it, and how both are drawn and told. */
import { Decoration } from "@tiptap/pm/view";
import type { Failure } from "../assistant/generations";
import type { Person } from "../assistant/messages";
import type { Tracked } from "../collaboration/tracked-ranges";

export type Verdict = "open" | "stale" | "accepted" | "rejected" | "edited";

export interface Suggestion {
  id: string;
  generation: string;
  editId: string;
  aspect: string;
  original: string;
  replacement: string;
  explanation: string;
  /** Who asked for it. */
  author: Person | null;
  demo: boolean;
  verdict: Verdict;
  /** Who decided. */
  by: Person | null;
  /** Where its words are; null while they are nowhere. */
  place: { from: number; to: number } | null;
}

/** One aspect looked for in one passage. */
export interface Run {
  id: string;
  aspect: string;
  author: Person | null;
  own: boolean;
  state: "waiting" | "running" | "done" | "failed" | "stopped";
  failure: Failure | null;
  found: number;
}

/** The old words struck, and the new ones after them. `isShown`: it is pointed out. */
export function drawSuggestion({ id, from, to, data }: Tracked<Suggestion>, isShown: boolean): Decoration[] {
  const shown = isShown ? " suggestion-shown" : "";
  const old = Decoration.inline(from, to, { class: `suggestion-old${shown}`, "data-suggestion": id });
  if (data.replacement === "") return [old];
  const words = Decoration.widget(to, () => insertion(id, data.replacement, shown), {
    side: 5, // before carets of others (10) and ghosts (20)
    key: `suggestion:${id}${shown}`,
    ignoreSelection: true,
    marks: [],
  });
  return [old, words];
}

function insertion(id: string, words: string, shown: string): HTMLElement {
  const element = document.createElement("ins");
  element.className = `suggestion-new${shown}`;
  element.dataset.suggestion = id;
  element.setAttribute("aria-hidden", "true"); // its card says it, with buttons
  element.contentEditable = "false";
  element.textContent = words;
  return element;
}

export function spoken({ original, replacement, explanation }: Suggestion): string {
  const change = replacement === "" ? `Delete “${original}”.` : `Replace “${original}” by “${replacement}”.`;
  return `${change} ${explanation}`;
}

export function countWords(found: number): string {
  if (found === 0) return "nothing to suggest";
  return found === 1 ? "1 suggestion" : `${found} suggestions`;
}
