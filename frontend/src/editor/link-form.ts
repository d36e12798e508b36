/** The form in which a link's address is written, opened and removed. */
import { completeLink, isSafeLink } from "./links";

export function linkForm(
  known: string,
  act: { set(href: string): void; remove(): void; done(): void },
): HTMLFormElement {
  const form = document.createElement("form");
  form.className = "link-form";
  form.noValidate = true;
  const input = document.createElement("input");
  input.type = "url";
  input.value = known;
  input.placeholder = "https://…";
  input.setAttribute("aria-label", "Address");
  const problem = document.createElement("span");
  problem.setAttribute("role", "alert");
  const submit = document.createElement("button");
  submit.className = "button button-primary";
  submit.textContent = "Apply";
  form.append(input, submit);
  if (known && isSafeLink(known)) {
    const open = document.createElement("a");
    open.className = "button";
    open.href = known;
    open.target = "_blank";
    open.rel = "noopener noreferrer";
    open.textContent = "Open";
    form.append(open);
  }
  if (known) {
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "button";
    remove.textContent = "Remove";
    remove.addEventListener("click", () => {
      act.remove();
      act.done();
    });
    form.append(remove);
  }
  form.append(problem);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const href = completeLink(input.value);
    if (!href) {
      problem.textContent = "Write a web address or an e-mail address.";
      input.focus();
      return;
    }
    act.set(href);
    act.done();
  });
  return form;
}
