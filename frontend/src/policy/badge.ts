/** The badge in the bottom line: which policies hold here. Quiet, and absent where none does. */
import type { Assistant } from "../assistant/assistant";
import { type Generation, isOver } from "../assistant/generations";
import { announce, notify } from "../editor/announce";
import { element } from "../editor/config";
import { OnDemand } from "../editor/on-demand";
import { make } from "../page/elements";
import { icon } from "../page/icons";
import { badges } from "./words";

export function showPolicy(assistant: Assistant): void {
  const badge = element<HTMLButtonElement>("policy");
  const words = make("span", "");
  badge.append(icon("shield"), words);
  const dialog = new OnDemand("The assistant’s policy", () => import("./dialog"));
  badge.addEventListener("click", async () => (await dialog.wanted()).openPolicy(assistant));
  let spoken: string | null = null;
  assistant.onPolicy((policy) => {
    const [first = "", ...more] = badges(policy);
    badge.hidden = first === "";
    words.replaceChildren(first, make("span", "wide-only", ...more.map((one) => ` · ${one}`)));
    const sentences = policy.held.flatMap(({ says }) => says).join(" ");
    badge.title = sentences;
    badge.setAttribute("aria-label", `Assistant policy: ${[first, ...more].join(", ")}`);
    if (spoken !== null && spoken !== sentences)
      announce(sentences || "The assistant may be asked for everything again.");
    spoken = sentences;
    if (policy.mode !== "full" || policy.refusal) tellStopped(assistant);
  });
}

/** What runs and may not be asked for any more is stopped by the server. It tells first what may not. */
function tellStopped(assistant: Assistant): void {
  const reasons = ownRunning(assistant).map(({ action }) => assistant.availability.why(action));
  const why = reasons.find((reason) => reason !== "");
  if (why) notify(`${why} What it was writing for you is stopped.`);
}

function ownRunning(assistant: Assistant): Generation[] {
  const own = assistant.config.user.id;
  return [...assistant.all()].filter((known) => !isOver(known) && known.user?.id === own);
}
