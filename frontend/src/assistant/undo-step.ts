/** Makes an edit an undo step of its own: otherwise it merges with what was typed in the last half second. */
import type { Transaction } from "@tiptap/pm/state";
import type { EditorView } from "@tiptap/pm/view";
import { yUndoPluginKey } from "@tiptap/y-tiptap";
import type * as Y from "yjs";

/** The origin of what `writeBesideText` writes. */
const BESIDE_TEXT = {};

export function asOneStep(view: EditorView, write: () => void): void {
  const undo = yUndoPluginKey.getState(view.state)?.undoManager;
  undo?.stopCapturing();
  write();
  undo?.stopCapturing();
}

export function dispatchAsOneStep(view: EditorView, tr: Transaction): void {
  asOneStep(view, () => view.dispatch(tr));
}

/** Set a value that is kept beside the text, as a step among those of the text. Undo leaves it where others set it anew. */
export function writeBesideText(view: EditorView, home: string, key: string, value: unknown): void {
  const undo: Y.UndoManager | undefined = yUndoPluginKey.getState(view.state)?.undoManager;
  if (!undo) return;
  const map = undo.doc.getMap(home);
  undo.addToScope(map);
  undo.trackedOrigins.add(BESIDE_TEXT);
  undo.stopCapturing();
  undo.doc.transact(() => map.set(key, value), BESIDE_TEXT);
  undo.stopCapturing();
}

export type Step = Y.UndoManager["undoStack"][number];
