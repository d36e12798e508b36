/** In the share dialog: what the assistant may do in the document, and the way to change it. */
import type { Assistant } from "../assistant/assistant";
import { OnDemand } from "../editor/on-demand";
import { make, makeButton } from "../page/elements";

export function policyRow(assistant: Assistant): HTMLElement {
  const words = make("p", "policy-by");
  const draw = () => {
    const says = assistant.policy?.held.flatMap((one) => one.says) ?? [];
    words.textContent = says.join(" ") || "It may be asked for everything.";
  };
  draw();
  const dialog = new OnDemand("The assistant’s policy", () => import("./dialog"));
  const change = makeButton("Policy…", async () => {
    row.closest("dialog")?.close(); // a notice that it could not be loaded would lie under it
    (await dialog.wanted()).openPolicy(assistant);
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
