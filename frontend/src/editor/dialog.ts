/** A modal dialog with a heading and a close button; closing it takes it out of the page. */
import { icon } from "../page/icons";

export interface OpenDialog {
  element: HTMLDialogElement;
  body: HTMLElement;
  close(): void;
}

export function openDialog(heading: string): OpenDialog {
  const dialog = document.createElement("dialog");
  const top = document.createElement("div");
  top.className = "dialog-top";
  const title = document.createElement("h2");
  title.id = "dialog-title";
  title.textContent = heading;
  dialog.setAttribute("aria-labelledby", title.id);
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button button-quiet button-icon";
  close.setAttribute("aria-label", "Close");
  close.append(icon("x"));
  close.addEventListener("click", () => dialog.close());
  top.append(title, close);
  const body = document.createElement("div");
  dialog.append(top, body);
  dialog.addEventListener("close", () => dialog.remove());
  // A click on the backdrop is one on the dialog itself.
  dialog.addEventListener(
    "click",
    (event) => event.target === dialog && outside(dialog, event) && dialog.close(),
  );
  document.body.append(dialog);
  dialog.showModal();
  return { element: dialog, body, close: () => dialog.close() };
}

function outside(dialog: HTMLDialogElement, { clientX, clientY }: MouseEvent): boolean {
  const box = dialog.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}
