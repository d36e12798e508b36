/** Words for people: a polite live region for what happens, and notices that can be read and closed. */
import { icon } from "../page/icons";
import { NOTICE_MS } from "./limits";

export interface NoticeAction {
  label: string;
  run(): void;
}

/** Say a sentence to screen readers, once. */
export function announce(sentence: string): void {
  const region = document.getElementById("announcements");
  if (!region) return;
  region.textContent = "";
  // A region that is set to the words it already has is not spoken again.
  requestAnimationFrame(() => {
    region.textContent = sentence;
  });
}

export interface NoticeOptions {
  action?: NoticeAction;
  /** What else can be done. */
  other?: NoticeAction;
  stays?: boolean;
}

/** Show a notice for a few seconds, or until it is closed when it asks for something. */
export function notify(sentence: string, options: NoticeOptions = {}): void {
  showNotice(sentence, options);
}

/** As `notify`. Return the notice, to be taken away again; null where the page has no place for any. */
export function showNotice(sentence: string, options: NoticeOptions): HTMLElement | null {
  const stack = document.getElementById("toasts");
  if (!stack) return null;
  for (const old of stack.querySelectorAll<HTMLElement>(".toast"))
    if (old.dataset.words === sentence) old.remove();
  const notice = document.createElement("div");
  notice.className = "toast";
  notice.dataset.words = sentence;
  const words = document.createElement("p");
  words.textContent = sentence;
  notice.append(words);
  for (const action of [options.action, options.other])
    if (action) notice.append(actionButton(notice, action));
  notice.append(closeButton(notice));
  stack.append(notice);
  if (!options.stays) setTimeout(() => notice.remove(), NOTICE_MS);
  return notice;
}

function actionButton(notice: HTMLElement, action: NoticeAction): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = action.label;
  button.addEventListener("click", () => {
    notice.remove();
    action.run();
  });
  return button;
}

function closeButton(notice: HTMLElement): HTMLButtonElement {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button button-icon button-quiet";
  close.setAttribute("aria-label", "Close");
  close.append(icon("x"));
  close.addEventListener("click", () => notice.remove());
  return close;
}
