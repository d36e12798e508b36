/** The active suggestion's keys as buttons, for mouse, touch and screen readers. */
import type { Editor } from "@tiptap/core";
import { isApple } from "../editor/create";
import { icon } from "../page/icons";
import { reportGeneration } from "../reports/report";
import type { Ghosts } from "./ghost";
import type { Ghost } from "./ghost-element";

export interface SuggestionBar {
  show(ghost: Ghost | null, rest: string): void;
}

export function suggestionBar(
  bar: HTMLElement,
  ghosts: () => Ghosts,
  editor: () => Editor | null,
  steer: (instruction: string) => void,
): SuggestionBar {
  let active: Ghost | null = null;
  const who = document.createElement("span");
  who.className = "suggestion-who";
  const act = (run: (ghosts: Ghosts, id: string) => void) => () => {
    if (!active) return;
    run(ghosts(), active.id);
    editor()?.view.focus();
  };
  const accept = button(
    "Accept",
    "Tab",
    act((layer, id) => layer.want(id, "all")),
  );
  accept.classList.add("button-primary");
  const word = button(
    "Word",
    isApple() ? "⌘ →" : "Ctrl →",
    act((layer, id) => layer.want(id, "word")),
  );
  const drop = button(
    "",
    "",
    act((layer, id) => layer.dismiss(id)),
  );
  drop.append(icon("x"));
  drop.classList.add("button-quiet", "button-icon");
  drop.setAttribute("aria-label", "Dismiss (Escape)");
  drop.title = "Dismiss (Esc)";
  const report = button("", "", () => active && reportGeneration(active.id));
  report.append(icon("flag"));
  report.classList.add("button-quiet", "button-icon");
  report.setAttribute("aria-label", "Report…");
  report.title = "Report…";
  const steering = steerForm((instruction) => {
    steer(instruction);
    editor()?.view.focus();
  });
  bar.append(who, accept, word, steering, report, drop);

  return {
    show(ghost, rest) {
      active = ghost;
      if (!ghost && bar.hidden) return;
      bar.classList.toggle("keys-apply", Boolean(ghost && ghosts().isAtCaret(ghost.id)));
      // An inline completion is a few words at the caret: its bar is only for those who have no Tab.
      bar.hidden = !ghost || (ghost.private && !matchMedia("(pointer: coarse)").matches);
      if (!ghost || bar.hidden) return;
      const nothing = rest.trim() === "";
      steering.hidden = !ghost.mine || ghost.private;
      const words = sentence(ghost, nothing);
      if (who.textContent !== words) who.textContent = words;
      accept.disabled = nothing;
      word.disabled = nothing;
    },
  };
}

/** Wishes that are often had, and one's own. */
const WISHES = ["Shorter", "More formal", "Simpler"] as const;
const WISH_MAX_CHARACTERS = 200;

/** What comes next can be asked for otherwise while it is being written. */
function steerForm(steer: (instruction: string) => void): HTMLFormElement {
  const form = document.createElement("form");
  form.className = "steer";
  form.hidden = true;
  const field = document.createElement("input");
  field.type = "text";
  field.maxLength = WISH_MAX_CHARACTERS;
  field.placeholder = "Go on, but…";
  field.setAttribute("aria-label", "How it should go on");
  form.append(...WISHES.map((wish) => button(wish, "", () => steer(wish))), field);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wish = field.value.trim();
    field.value = "";
    if (wish) steer(wish);
  });
  return form;
}

function sentence(ghost: Ghost, nothing: boolean): string {
  const whose = ghost.mine ? "Suggestion" : `Suggestion for ${ghost.name}`;
  const demo = ghost.demo ? " · demo" : "";
  if (ghost.held) return `${whose}: checking…${demo}`;
  return nothing && !ghost.over ? `${whose}: writing…${demo}` : `${whose}${demo}`;
}

function button(words: string, key: string, run: () => void): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "button";
  element.append(words);
  if (key) {
    const hint = document.createElement("kbd");
    hint.textContent = key;
    hint.setAttribute("aria-hidden", "true");
    element.append(hint);
  }
  // Keep the caret (and a phone's keyboard) where it is.
  element.addEventListener("pointerdown", (event) => event.preventDefault());
  element.addEventListener("click", run);
  return element;
}
