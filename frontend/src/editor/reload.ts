/** Loading the page anew without losing what was typed into a form. The text has a guard of its own. */

type Field = HTMLInputElement | HTMLTextAreaElement;

const typedInto = new Set<Field>();

document.addEventListener("input", ({ target }) => {
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement) typedInto.add(target);
});

/** Load the page anew. Where a form holds words that nobody keeps, the browser asks first. */
export function reloadPage(): void {
  if ([...typedInto].some(wouldLose))
    window.addEventListener("beforeunload", (event) => event.preventDefault(), { once: true });
  location.reload();
}

/** `data-kept` marks a field whose words outlive the page. */
function wouldLose(field: Field): boolean {
  return (
    field.isConnected && field.type !== "search" && !("kept" in field.dataset) && field.value.trim() !== ""
  );
}
