/** Moves the block at the caret past its neighbour: Alt + Shift + Up or Down. */
import { Extension } from "@tiptap/core";
import { Fragment, type ResolvedPos, Slice } from "@tiptap/pm/model";
import { type EditorState, NodeSelection, TextSelection, type Transaction } from "@tiptap/pm/state";
import { announce } from "./announce";

export const MoveBlock = Extension.create({
  name: "moveBlock",
  addKeyboardShortcuts() {
    const move = (direction: -1 | 1) => () => {
      const tr = this.editor.isEditable ? moveBlock(this.editor.state, direction) : null;
      if (!tr) return false;
      this.editor.view.dispatch(tr.scrollIntoView());
      announce(direction < 0 ? "Moved up." : "Moved down.");
      return true;
    };
    return { "Alt-Shift-ArrowUp": move(-1), "Alt-Shift-ArrowDown": move(1) };
  },
});

/** Swap the innermost list item, else the top block, with its neighbour; null at an end. */
function moveBlock(state: EditorState, direction: -1 | 1): Transaction | null {
  const { selection, doc, tr } = state;
  const depth = movableDepth(selection.$from);
  const parent = selection.$from.node(depth);
  const index = selection.$from.index(depth);
  const other = index + direction;
  const node = parent.maybeChild(index);
  const neighbour = other < 0 ? null : parent.maybeChild(other);
  if (!node || !neighbour) return null;
  const start = selection.$from.posAtIndex(index, depth);
  const from = direction < 0 ? start - neighbour.nodeSize : start;
  const pair = direction < 0 ? [node, neighbour] : [neighbour, node];
  tr.replace(from, from + node.nodeSize + neighbour.nodeSize, new Slice(Fragment.from(pair), 0, 0));
  const offset = direction < 0 ? -neighbour.nodeSize : neighbour.nodeSize;
  if (selection instanceof NodeSelection)
    return tr.setSelection(NodeSelection.create(tr.doc, selection.from + offset));
  const last = doc.content.size;
  const at = (pos: number) => tr.doc.resolve(Math.max(0, Math.min(last, pos + offset)));
  return tr.setSelection(TextSelection.between(at(selection.anchor), at(selection.head)));
}

/** The depth whose children move: the list around the caret, else the document. */
function movableDepth($pos: ResolvedPos): number {
  for (let depth = $pos.depth; depth > 0; depth--) {
    const name = $pos.node(depth).type.name;
    if (name === "listItem" || name === "taskItem") return depth - 1;
  }
  return 0;
}
