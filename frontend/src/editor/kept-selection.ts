/** Shows what is selected while the keys are elsewhere: in a form about it, or in the chat. */
import { type Editor, Extension } from "@tiptap/core";
import { Plugin, PluginKey } from "@tiptap/pm/state";
import { Decoration, DecorationSet } from "@tiptap/pm/view";

export const KeptSelection = Extension.create({
  name: "keptSelection",
  addProseMirrorPlugins() {
    const { editor } = this;
    return [
      new Plugin({
        key: new PluginKey("keptSelection"),
        props: {
          decorations({ doc, selection: { from, to, empty } }) {
            if (empty || editor.isFocused || isBeingRead(editor)) return null;
            return DecorationSet.create(doc, [Decoration.inline(from, to, { class: "kept-selection" })]);
          },
        },
      }),
    ];
  },
});

/** Whether the browser shows the selection itself, where the text may only be read: drawn over, it would be lost. */
function isBeingRead(editor: Editor): boolean {
  const selection = document.getSelection();
  return (
    !editor.isEditable &&
    !!selection &&
    !selection.isCollapsed &&
    editor.view.dom.contains(selection.anchorNode)
  );
}
