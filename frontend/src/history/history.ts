/** The history panel's place in the rail; it is loaded when it is first looked at, or led to by the page's address. */
import type { Editor } from "@tiptap/core";
import type { Role } from "../editor/config";
import { LazyPanel } from "../rail/lazy-panel";
import type { Rail } from "../rail/rail";

const PANEL = "history";

export function addHistory(
  rail: Rail,
  editor: Editor,
  { document, role }: { document: { id: string }; role: Role },
): void {
  const panel = new LazyPanel(
    () => import("./panel"),
    ({ HistoryPanel }, container) =>
      new HistoryPanel(container, editor, `/api/v1/documents/${document.id}/versions/`, role),
    (mounted) => mounted.load(),
  );
  rail.addPanel({
    id: PANEL,
    label: "History",
    icon: "history",
    mount: (container) => panel.mount(container),
    shown: () => panel.shown(),
  });
  if (location.hash === `#${PANEL}`) rail.open(PANEL);
}
