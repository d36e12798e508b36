/**
 * The review queue by keyboard. On a case every element with `data-key` is what its key does: a link or a button is
 * followed, a choice is taken and its first field focused. In a list j and k go from row to row.
 */
const TYPED_INTO = "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable=true]";
const ROWS = "#result_list tbody tr";
const KEYS: readonly (readonly [string, string])[] = [
  ["j  k", "Next, previous case; in the list from row to row"],
  ["Enter", "Open the row"],
  ["a", "Approve"],
  ["r", "Remove"],
  ["w", "Warn"],
  ["s", "Suspend"],
  ["t", "Restore"],
  ["e", "Escalate"],
  ["Esc", "Leave a field, so that these keys count again"],
  ["Ctrl Enter", "Send the decision"],
  ["u", "Back to the list"],
  ["?", "These keys"],
];

export function bindReviewKeys(page: Document = document): void {
  const review = page.querySelector<HTMLElement>("[data-review]");
  const isQueue = page.body.classList.contains("model-case") && page.querySelector(ROWS) !== null;
  if (!review && !isQueue) return;
  const help = page.querySelector<HTMLElement>("[data-keys-open]");
  help?.addEventListener("click", () => showKeys(page));
  help?.removeAttribute("hidden");
  page.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return send(event, review);
    if (event.key === "Escape" && review && isTyping(event.target)) (event.target as HTMLElement).blur();
    if (event.ctrlKey || event.metaKey || isTyping(event.target) || page.querySelector("dialog[open]"))
      return;
    if (event.key === "?") showKeys(page);
    else if (review && press(review, page, event.key)) event.preventDefault();
    else if (isQueue && (event.key === "j" || event.key === "k")) step(page, event.key === "j" ? 1 : -1);
    else return;
    event.preventDefault();
  });
  page.body.dataset.reviewKeys = "on";
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(TYPED_INTO) !== null;
}

function send(event: KeyboardEvent, review: HTMLElement | null): void {
  const form = review?.querySelector<HTMLFormElement>("form.case-decision");
  if (!form?.contains(event.target as Node)) return;
  event.preventDefault();
  form.requestSubmit();
}

/** Do what `key` stands for. Return whether it stands for anything. */
function press(review: HTMLElement, page: Document, key: string): boolean {
  const found =
    review.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`) ??
    page.querySelector<HTMLElement>(`.breadcrumbs [data-key="${CSS.escape(key)}"]`);
  if (!found) return false;
  found.click();
  if (found instanceof HTMLInputElement) {
    const fields = found.form?.querySelectorAll<HTMLElement>(".case-field :is(select, textarea)") ?? [];
    [...fields].find((field) => field.checkVisibility())?.focus();
  }
  return true;
}

function step(page: Document, by: 1 | -1): void {
  const links = [...page.querySelectorAll<HTMLAnchorElement>(`${ROWS} th a`)];
  const at = links.indexOf(page.activeElement as HTMLAnchorElement);
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by));
  links[next]?.focus();
}

function showKeys(page: Document): void {
  const dialog = page.createElement("dialog");
  dialog.className = "review-keys";
  dialog.setAttribute("aria-label", "Keys");
  const list = page.createElement("dl");
  for (const [key, words] of KEYS) {
    const term = page.createElement("dt");
    for (const one of key.split(/ +/)) {
      const cap = page.createElement("kbd");
      cap.textContent = one;
      term.append(cap, " ");
    }
    const meaning = page.createElement("dd");
    meaning.textContent = words;
    list.append(term, meaning);
  }
  const close = page.createElement("button");
  close.type = "button";
  close.className = "button";
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  dialog.append(list, close);
  page.body.append(dialog);
  dialog.showModal();
}
