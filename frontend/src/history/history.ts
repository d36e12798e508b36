/** The history panel's place in the rail; it is loaded when it is first looked at, or led to by the page's address. */
import type { Editor } from "@tiptap/core";
import type { Role } from "../editor/config";
import type { Rail } from "../rail/rail";
import type { HistoryPanel } from "./panel";

const PANEL = "history";

export function addHistory(
  rail: Rail,
  editor: Editor,
  { document, role }: { document: { id: string }; role: Role },
): void {
  let panel: Promise<HistoryPanel> | null = null;
  rail.addPanel({
    id: PANEL,
    label: "History",
    icon: "history",
    mount(container) {
      panel = import("./panel").then(
        ({ HistoryPanel }) =>
          new HistoryPanel(container, editor, `/api/v1/documents/${document.id}/versions/`, role),
      );
    },
    shown() {
      panel?.then((mounted) => mounted.load());
    },
  });
  if (location.hash === `#${PANEL}`) rail.open(PANEL);
}
