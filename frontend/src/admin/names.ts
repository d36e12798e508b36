/** Names for fields of Django's that have none of their own: lists of its autocomplete, and dates beside times. */

const LISTS = ".select2-selection[role=combobox]:not([data-named])";
const TIMES = "p.datetime:not(:has([aria-label]))";
const SEARCHES = ".select2-search__field:not([aria-label])";

export function nameFields(): void {
  nameAll();
  new MutationObserver(nameAll).observe(document.body, { childList: true, subtree: true });
}

function nameAll(): void {
  for (const list of document.querySelectorAll<HTMLElement>(LISTS)) name(list);
  for (const pair of document.querySelectorAll(TIMES)) nameTimes(pair);
  for (const search of document.querySelectorAll(SEARCHES)) search.setAttribute("aria-label", "Search");
}

function nameTimes(pair: Element): void {
  const label = pair.closest("fieldset, .form-row, td")?.querySelector("legend, label")?.textContent?.trim();
  const [date, time] = pair.querySelectorAll("input");
  date?.setAttribute("aria-label", `${label ?? ""} Date`.trim());
  time?.setAttribute("aria-label", `${label ?? ""} Time`.trim());
}

function name(list: HTMLElement): void {
  const select = list.closest(".select2")?.previousElementSibling;
  const value = list.querySelector<HTMLElement>(".select2-selection__rendered");
  const label = select instanceof HTMLSelectElement && (select.labels?.[0] ?? headOf(select));
  if (!label || !value) return;
  list.dataset.named = "";
  label.id ||= `${select.id}-label`;
  value.id ||= `${select.id}-value`;
  list.setAttribute("aria-labelledby", `${label.id} ${value.id}`);
  // It is a text, not a field of its own.
  value.removeAttribute("role");
  value.removeAttribute("aria-readonly");
}

/** In a table of rows the head of the column says what is in it. */
function headOf(select: HTMLSelectElement): HTMLElement | null {
  const cell = select.closest("td");
  const at = cell?.parentElement ? [...cell.parentElement.children].indexOf(cell) : -1;
  const heads = cell?.closest("table")?.tHead?.rows[0]?.children;
  const field = [...(cell?.classList ?? [])].find((one) => one.startsWith("field-"))?.slice("field-".length);
  const head = (field && cell?.closest("table")?.querySelector(`th.column-${field}`)) || heads?.[at];
  return head instanceof HTMLElement ? head : null;
}
