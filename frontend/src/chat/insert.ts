/** An answer into the text, as headings, lists and links rather than as characters; marked as assisted. */
import type { Editor } from "@tiptap/core";
import { Fragment, type Mark, type Node, Slice } from "@tiptap/pm/model";
import { TextSelection, type Transaction } from "@tiptap/pm/state";
import { dispatchAsOneStep } from "../assistant/undo-step";
import { markdownNodes } from "../editor/markdown";
import { ORIGIN_AI } from "../editor/origin";

/** Insert Markdown at the caret, as one undo step. Return whether there was anything to insert. */
export function insertAnswer(editor: Editor, markdown: string, generation: string): boolean {
  const origin = editor.schema.marks.origin?.create({ origin: ORIGIN_AI, gen: generation });
  const blocks = markdownNodes(editor, markdown);
  const content = origin ? marked(blocks, origin) : blocks;
  if (content.size === 0) return false;
  const { tr } = editor.state;
  tr.setSelection(TextSelection.near(tr.selection.$to, -1)); // what is selected stays
  place(tr, content);
  dispatchAsOneStep(editor.view, tr.scrollIntoView());
  return true;
}

/** One paragraph joins the line; blocks stand for themselves, and never inside a sentence they would tear. */
function place(tr: Transaction, content: Fragment): void {
  const { $from } = tr.selection;
  const only = content.childCount === 1 ? content.firstChild : null;
  if (only?.type.name === "paragraph" && $from.parent.inlineContent && !$from.parent.type.spec.code) {
    const apart = needsSpace($from.nodeBefore?.text ?? "", only.textContent);
    if (apart) tr.insertText(" ");
    tr.replaceSelection(new Slice(Fragment.from(only), 1, 1));
    return;
  }
  const block = $from.depth > 0 ? $from.node(1) : null;
  const after = block ? $from.after(1) : $from.pos;
  const isBlank = block?.type.name === "paragraph" && block.content.size === 0;
  const start = block && isBlank ? $from.before(1) : after;
  tr.replaceWith(start, after, content);
  caretAfter(tr, start + content.size);
}

function caretAfter(tr: Transaction, end: number): void {
  tr.setSelection(TextSelection.near(tr.doc.resolve(Math.min(end, tr.doc.content.size)), -1));
}

function needsSpace(before: string, after: string): boolean {
  return before !== "" && !/\s$/.test(before) && !/^[\s.,;:!?)]/.test(after);
}

/** Every text carries the mark, where its block allows one. */
function marked(content: Fragment, mark: Mark, parent?: Node): Fragment {
  return Fragment.from(
    content.content.map((node) => {
      if (!node.isText) return node.copy(marked(node.content, mark, node));
      return !parent || parent.type.allowsMarkType(mark.type) ? node.mark(mark.addToSet(node.marks)) : node;
    }),
  );
}
