/** Parts of a page that are asked for anew by themselves, while somebody looks at them: `data-live` says where. */

const WAIT_SECONDS = 5;

export function keepLive(): void {
  for (const part of document.querySelectorAll<HTMLElement>("[data-live]")) refresh(part);
}

async function refresh(part: HTMLElement): Promise<void> {
  const seconds = Number(part.dataset.liveSeconds) || WAIT_SECONDS;
  if (!document.hidden) {
    const fresh = await ask(part.dataset.live ?? "");
    part.classList.toggle("live-stale", fresh === null);
    if (fresh) replace(part, fresh);
  }
  setTimeout(() => refresh(part), seconds * 1000);
}

/** What there is now; null where the server cannot be reached, or answers with another page (a log-in). */
async function ask(url: string): Promise<Document | null> {
  try {
    const answer = await fetch(url, { headers: { Accept: "text/html" }, redirect: "error" });
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  } catch {
    return null;
  }
}

/** Put the new content in; the focus stays on what it was on, and tables where they were scrolled to. */
function replace(part: HTMLElement, fresh: Document): void {
  const stops = "a, [tabindex]";
  const before: (Element | null)[] = [...part.querySelectorAll(stops)];
  const focused = before.indexOf(document.activeElement);
  const scrolled = new Map(before.map((element, at) => [at, element?.scrollLeft ?? 0]));
  part.replaceChildren(...[...fresh.body.childNodes].map((node) => document.importNode(node, true)));
  const after = [...part.querySelectorAll<HTMLElement>(stops)];
  for (const [at, left] of scrolled) if (after[at] && left) after[at].scrollLeft = left;
  if (focused >= 0) after[focused]?.focus({ preventScroll: true });
}
