/** When it is worth looking at the network again: it came back, the page is seen again, the machine has slept. */
import { SLEEP_MS, WATCH_MS } from "../editor/limits";

const hearers = new Set<() => void>();
let watch: ReturnType<typeof setInterval> | undefined;

/** Call `hear` at every return. Returns how to stop that. */
export function onReturn(hear: () => void): () => void {
  hearers.add(hear);
  watch ??= begin();
  return () => {
    hearers.delete(hear);
    if (hearers.size === 0) end();
  };
}

function begin(): ReturnType<typeof setInterval> {
  globalThis.window?.addEventListener("online", tell);
  globalThis.window?.addEventListener("pageshow", tellIfKept);
  globalThis.document?.addEventListener("visibilitychange", tellIfVisible);
  let last = Date.now();
  return setInterval(() => {
    const now = Date.now();
    // Timers stand still while the machine sleeps, and nothing else tells of it when the page was in front.
    if (now - last > SLEEP_MS) tell();
    last = now;
  }, WATCH_MS);
}

function end(): void {
  clearInterval(watch);
  watch = undefined;
  globalThis.window?.removeEventListener("online", tell);
  globalThis.window?.removeEventListener("pageshow", tellIfKept);
  globalThis.document?.removeEventListener("visibilitychange", tellIfVisible);
}

/** The page was left and comes back as it was, out of the browser's cache. */
function tellIfKept({ persisted }: PageTransitionEvent): void {
  if (persisted) tell();
}

function tellIfVisible(): void {
  if (document.visibilityState === "visible") tell();
}

function tell(): void {
  for (const hear of [...hearers]) hear();
}
