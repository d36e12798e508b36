/** In the share dialog: what the assistant may do in the document, and the way to change it. */
import type { Assistant } from "../assistant/assistant";
import { make, makeButton } from "../page/elements";

export function policyRow(assistant: Assistant): HTMLElement {
  const words = make("p", "policy-by");
  const draw = () => {
    const says = assistant.policy?.held.flatMap((one) => one.says) ?? [];
    words.textContent = says.join(" ") || "It may be asked for everything.";
  };
  draw();
  const change = makeButton("Policy…", async () => {
    const { openPolicy } = await import("./dialog");
    row.closest("dialog")?.close();
    openPolicy(assistant);
  });
  const row = make(
    "div",
    "share-policy",
    make("div", "", make("p", "policy-says", "The assistant"), words),
    change,
  );
  assistant.onPolicy(() => row.isConnected && draw());
  return row;
}
