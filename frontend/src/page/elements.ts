/** Elements of the page: with a class and children, and buttons with words, an icon, or both. */
import { icon } from "./icons";

export interface ButtonOptions {
  /** A name of `icons.json`. */
  icon?: string;
  /** Beside the class `button`. */
  kind?: "primary" | "quiet" | "icon" | "danger";
  /** What it does, where its words alone do not tell (or there are none). */
  label?: string;
}

export function makeButton(words: string, run: () => void, options: ButtonOptions = {}): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  if (options.kind === "icon") button.classList.add("button-quiet", "button-icon");
  else if (options.kind) button.classList.add(`button-${options.kind}`);
  if (options.icon) button.append(icon(options.icon));
  if (words) button.append(words);
  if (options.label) {
    button.setAttribute("aria-label", options.label);
    button.title = options.label;
  }
  button.addEventListener("click", run);
  return button;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** Whether it, or something around it, is hidden: there is nothing to draw then. */
export function isOutOfSight(element: Element): boolean {
  return element.closest("[hidden]") !== null;
}
