/**
 * Search as one types.
 *
 *     <form method="get" data-search><input name="q"></form>
 *     <div data-results>…</div>
 *
 * The same page is asked for with the words in its address, and its results take the place of the old ones.
 */

const PAUSE_MS = 150;

/** Loads a page of ours. Rejects when it was stopped, refused or could not be reached. */
export type LoadPage = (address: string, signal: AbortSignal) => Promise<Document>;

/** By XMLHttpRequest: it gives a parsed, inert document, where DOMParser would need a Trusted Types policy. */
const loadPage: LoadPage = (address, signal) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    request.onload = () =>
      request.status === 200 && request.responseXML ? resolve(request.responseXML) : reject();
    request.onerror = request.onabort = reject;
    signal.addEventListener("abort", () => request.abort());
    request.send();
  });

export function enhanceSearch(page: Document, load: LoadPage = loadPage): void {
  const form = page.querySelector<HTMLFormElement>("form[data-search]");
  const input = form?.querySelector<HTMLInputElement>("input[name=q]");
  const results = page.querySelector<HTMLElement>("[data-results]");
  if (!form || !input || !results) return;

  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: AbortController | undefined;
  let shown = input.value.trim();

  const search = async () => {
    const words = input.value.trim();
    running?.abort();
    if (words === shown) {
      results.removeAttribute("aria-busy");
      return;
    }
    running = new AbortController();
    const { signal } = running;
    const address = addressOf(form);
    results.setAttribute("aria-busy", "true");
    try {
      const found = (await load(address, signal)).querySelector("[data-results]");
      if (!found || signal.aborted) return;
      results.replaceChildren(...page.importNode(found, true).childNodes);
      history.replaceState(null, "", address);
      shown = words;
    } catch {
      if (!signal.aborted) form.submit(); // the whole page then says what is wrong
    } finally {
      if (!signal.aborted) results.removeAttribute("aria-busy");
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, PAUSE_MS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    void search();
  });
}

function addressOf(form: HTMLFormElement): string {
  const address = new URL(form.action);
  address.search = new URLSearchParams(fieldsOf(form)).toString();
  return address.href;
}

function fieldsOf(form: HTMLFormElement): [string, string][] {
  const fields = [...new FormData(form)].map(([name, value]): [string, string] => [
    name,
    String(value).trim(),
  ]);
  return fields.filter(([, value]) => value !== "");
}
