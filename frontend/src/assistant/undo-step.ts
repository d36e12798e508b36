/** Makes an edit an undo step of its own: otherwise it merges with what was typed in the last half second. */
import type { Transaction } from "@tiptap/pm/state";
import type { EditorView } from "@tiptap/pm/view";
import { yUndoPluginKey } from "@tiptap/y-tiptap";
import * as Y from "yjs";

/** The origin of what `writeBesideText` writes. */
const BESIDE_TEXT = {};

export function dispatchAsOneStep(view: EditorView, tr: Transaction): void {
  const undo = yUndoPluginKey.getState(view.state)?.undoManager;
  undo?.stopCapturing();
  view.dispatch(tr);
  undo?.stopCapturing();
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

/** What undo would take back now. */
export function lastStep(view: EditorView): Step | null {
  return yUndoPluginKey.getState(view.state)?.undoManager.undoStack.at(-1) ?? null;
}

/**
 * Delete what `steps` wrote, for good. What they deleted is not brought back: whoever wrote the same at once deleted it
 * too, and has put it where it belongs. Nothing is done where somebody changed what they wrote, or wrote into it.
 */
export function takeBack(view: EditorView, steps: readonly Step[]): void {
  const undo: Y.UndoManager | undefined = yUndoPluginKey.getState(view.state)?.undoManager;
  if (!undo || steps.some((step) => !undo.undoStack.includes(step))) return;
  const { doc } = undo;
  const items: Y.Item[] = [];
  doc.transact((transaction) => {
    for (const { insertions } of steps)
      Y.iterateDeletedStructs(transaction, insertions, (struct) => {
        if (struct instanceof Y.Item) items.push(struct);
      });
    if (items.some((item) => !isUntouched(item, new Set(items)))) return;
    for (const item of items) item.delete(transaction);
    undo.undoStack = undo.undoStack.filter((step) => !steps.includes(step));
  });
}

function isUntouched(item: Y.Item, written: ReadonlySet<Y.Item>): boolean {
  if (item.deleted) return item.content instanceof Y.ContentFormat || !item.countable;
  if (!(item.content instanceof Y.ContentType)) return true;
  for (let child = item.content.type._start; child; child = child.right)
    if (!child.deleted && child.countable && !written.has(child)) return false;
  return true;
}
