/**
 * Keeps long documents fast: blocks out of sight are not painted (`content-visibility` in `text.css`).
 *
 * The block at the caret is left out: Chromium loses the caret in a block that was made since the last frame while its
 * visibility is still undecided, and the next words are typed before the first letter.
 */
import { Extension } from "@tiptap/core";
import { type EditorState, Plugin, PluginKey } from "@tiptap/pm/state";
import { Decoration, DecorationSet } from "@tiptap/pm/view";
import { LONG_DOCUMENT_BLOCKS } from "./limits";

export const LongDocuments = Extension.create({
  name: "longDocuments",
  addProseMirrorPlugins() {
    return [
      new Plugin({
        key: new PluginKey("longDocuments"),
        props: {
          attributes: (state): Record<string, string> => (isLong(state) ? { class: "long" } : {}),
          decorations: (state) => (isLong(state) ? caretBlock(state) : null),
        },
      }),
    ];
  },
});

function isLong(state: EditorState): boolean {
  return state.doc.childCount >= LONG_DOCUMENT_BLOCKS;
}

function caretBlock({ doc, selection }: EditorState): DecorationSet {
  const { $head } = selection;
  if ($head.depth === 0) return DecorationSet.empty;
  return DecorationSet.create(doc, [Decoration.node($head.before(1), $head.after(1), { class: "at-caret" })]);
}
