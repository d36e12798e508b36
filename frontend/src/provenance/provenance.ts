/** The provenance panel's place in the rail; it is loaded when it is first looked at. */
import type { Editor } from "@tiptap/core";
import { LazyPanel } from "../rail/lazy-panel";
import type { Rail } from "../rail/rail";

export function addProvenance(rail: Rail, editor: Editor, document: string): void {
  const panel = new LazyPanel(
    () => import("./panel"),
    ({ ProvenancePanel }, container) =>
      new ProvenancePanel(container, editor, `/api/v1/documents/${document}/provenance`),
    (mounted) => mounted.load(),
  );
  rail.addPanel({
    id: "provenance",
    label: "Provenance",
    icon: "fingerprint",
    mount: (container) => panel.mount(container),
    shown: () => panel.shown(),
  });
}
