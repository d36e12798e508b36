/** Shows in the bottom line what is left of one's tokens; a change for the worse is spoken once. */
import type { Assistant } from "../assistant/assistant";
import { quotaLine } from "../assistant/quota";
import { announce } from "./announce";
import { element } from "./config";

export function showQuota(assistant: Assistant): void {
  const place = element("quota");
  assistant.onQuota((quota) => {
    const line = quotaLine(quota, new Date());
    place.hidden = line === null;
    if (line === null) return;
    if (line.tone !== "calm" && line.tone !== place.dataset.tone) announce(`${line.text}. ${line.detail}`);
    place.replaceChildren(
      words("wide-only", `${line.text} · ${line.again}`),
      words("narrow-only", line.short),
    );
    place.dataset.tone = line.tone;
    place.title = line.detail;
  });
}

function words(kind: string, text: string): HTMLElement {
  const span = document.createElement("span");
  span.className = kind;
  span.textContent = text;
  return span;
}
