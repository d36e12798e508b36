/**
 * Rename in place: the link to the rename page opens a dialog instead.
 *
 *     <a href="/documents/…/rename/" data-rename="The old title">Rename</a>
 *     <dialog id="rename-dialog"><form method="post" data-rename-form><input name="title"></form></dialog>
 */

export function enhanceRename(page: Document): void {
  const dialog = page.querySelector<HTMLDialogElement>("#rename-dialog");
  const form = dialog?.querySelector<HTMLFormElement>("form[data-rename-form]");
  const input = form?.querySelector<HTMLInputElement>("input[name=title]");
  if (!dialog || !form || !input) return;

  // Rows come and go with the search, so the page listens rather than each link.
  page.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-rename]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const menu = link.closest("details");
    if (menu) menu.open = false;
    form.action = link.href;
    input.value = link.dataset.rename ?? "";
    dialog.showModal();
    input.select();
    dialog.addEventListener("close", () => menu?.querySelector("summary")?.focus(), { once: true });
  });
  form.querySelector("[data-close-dialog]")?.addEventListener("click", () => dialog.close());
}
