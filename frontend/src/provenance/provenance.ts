/** The provenance panel's place in the rail; it is loaded when it is first looked at. */
import type { Editor } from "@tiptap/core";
import type { Rail } from "../rail/rail";
import type { ProvenancePanel } from "./panel";

export function addProvenance(rail: Rail, editor: Editor, document: string): void {
  let panel: Promise<ProvenancePanel> | null = null;
  rail.addPanel({
    id: "provenance",
    label: "Provenance",
    icon: "fingerprint",
    mount(container) {
      panel = import("./panel").then(
        ({ ProvenancePanel }) =>
          new ProvenancePanel(container, editor, `/api/v1/documents/${document}/provenance`),
      );
    },
    shown() {
      panel?.then((mounted) => mounted.load());
    },
  });
}
