/** Makes an edit an undo step of its own: otherwise it merges with what was typed in the last half second. */
import type { Transaction } from "@tiptap/pm/state";
import type { EditorView } from "@tiptap/pm/view";
import { yUndoPluginKey } from "@tiptap/y-tiptap";

export function dispatchAsOneStep(view: EditorView, tr: Transaction): void {
  const undo = yUndoPluginKey.getState(view.state)?.undoManager;
  undo?.stopCapturing();
  view.dispatch(tr);
  undo?.stopCapturing();
}
