/** Shows what is selected while the keys are elsewhere: in a form about it, or in the chat. */
import { Extension } from "@tiptap/core";
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
            if (empty || editor.isFocused) return null;
            return DecorationSet.create(doc, [Decoration.inline(from, to, { class: "kept-selection" })]);
          },
        },
      }),
    ];
  },
});
