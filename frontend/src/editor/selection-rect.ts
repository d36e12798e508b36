/** Where on the screen a selection is, for what floats beside it. */
import type { Editor } from "@tiptap/core";

/** Above the table the caret is in: there the toolbar covers no words. */
export function tableRect(editor: Editor): DOMRect {
  const { node } = editor.view.domAtPos(editor.state.selection.from);
  const table = (node instanceof Element ? node : node.parentElement)?.closest("table");
  return table?.getBoundingClientRect() ?? selectionRect(editor);
}

export function selectionRect(editor: Editor): DOMRect {
  const { from, to } = editor.state.selection;
  const start = editor.view.coordsAtPos(from);
  const end = editor.view.coordsAtPos(to, -1);
  const sameLine = Math.abs(start.top - end.top) < 4;
  const left = sameLine ? start.left : Math.min(start.left, end.left);
  const right = sameLine ? end.right : Math.max(start.right, end.right);
  return new DOMRect(left, start.top, Math.max(1, right - left), Math.max(1, end.bottom - start.top));
}
