/** Says in the bottom line that what was asked waits until there is a connection to the assistant. */
import type { Assistant } from "../assistant/assistant";
import { make } from "../page/elements";
import { element } from "./config";

export function showWaiting(assistant: Assistant): void {
  const place = element("waiting");
  const draw = () => {
    const waits = assistant.isConnecting && [...assistant.all()].some(({ state }) => state === "asked");
    if (waits === place.hasChildNodes()) return;
    place.replaceChildren(
      ...(waits ? ["Connecting", make("span", "wide-only", " to the assistant"), "…"] : []),
    );
  };
  assistant.follow(draw);
  assistant.onReachable(draw);
}
