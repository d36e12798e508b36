/**
 * The provenance mark: text that the assistant wrote and a person accepted, with the id of its generation.
 *
 * It survives co-editing, undo, copy and paste; what people type inside it stays their own. It is display: the record of
 * who accepted what is the server's.
 */
import { Mark } from "@tiptap/core";
import type { MarkType } from "@tiptap/pm/model";
import { Plugin, PluginKey } from "@tiptap/pm/state";

export const ORIGIN_AI = "ai";

export const Origin = Mark.create({
  name: "origin",
  // After the input rules (100): a Markdown shortcut inside assisted text still works.
  priority: 50,
  inclusive: false,
  excludes: "origin",
  keepOnSplit: false,

  addAttributes() {
    return {
      origin: {
        default: ORIGIN_AI,
        parseHTML: (node) => node.getAttribute("data-origin"),
        renderHTML: ({ origin }) => ({ "data-origin": origin }),
      },
      gen: {
        default: "",
        parseHTML: (node) => node.getAttribute("data-gen") ?? "",
        renderHTML: ({ gen }) => ({ "data-gen": gen }),
      },
    };
  },

  parseHTML() {
    return [{ tag: 'span[data-origin="ai"]' }];
  },

  renderHTML({ HTMLAttributes }) {
    return ["span", HTMLAttributes, 0];
  },

  renderMarkdown: (node, helpers) => helpers.renderChildren(node.content ?? []),

  addProseMirrorPlugins() {
    return [typingStaysHuman(this.type)];
  },
});

/** Typing inside assisted text splits the mark around the human words. */
function typingStaysHuman(type: MarkType): Plugin {
  return new Plugin({
    key: new PluginKey("originTyping"),
    props: {
      handleTextInput(view, from, to, text) {
        const { state } = view;
        const $from = state.doc.resolve(from);
        const around = from === to ? $from.marks() : $from.marksAcross(state.doc.resolve(to));
        const marks = state.storedMarks ?? around ?? [];
        if (!type.isInSet(marks)) return false;
        const own = type.removeFromSet(marks);
        view.dispatch(
          state.tr.replaceWith(from, to, state.schema.text(text, own)).setStoredMarks(own).scrollIntoView(),
        );
        return true;
      },
    },
  });
}
