/**
 * The provenance mark: text that the assistant wrote and a person accepted, with the id of its generation, and text that
 * was pasted from elsewhere.
 *
 * It survives co-editing, undo, copy and paste; what people type inside it stays their own. It is display: the record of
 * who accepted what is the server's.
 */
import { Mark } from "@tiptap/core";
import { Fragment, type MarkType, type Node, type Schema, Slice } from "@tiptap/pm/model";
import { Plugin, PluginKey, TextSelection } from "@tiptap/pm/state";

export const ORIGIN_AI = "ai";
const ORIGIN_PASTE = "paste";

/** Where a text node comes from, by its mark. */
export function originOf(node: Node): "typed" | "pasted" | "assisted" {
  const mark = node.marks.find(({ type }) => type.name === "origin");
  if (!mark) return "typed";
  return mark.attrs.origin === ORIGIN_PASTE ? "pasted" : "assisted";
}

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
        renderHTML: ({ gen }) => (gen ? { "data-gen": gen } : {}),
      },
    };
  },

  parseHTML() {
    return [ORIGIN_AI, ORIGIN_PASTE].map((origin) => ({ tag: `span[data-origin="${origin}"]` }));
  },

  renderHTML({ HTMLAttributes }) {
    return ["span", HTMLAttributes, 0];
  },

  renderMarkdown: (node, helpers) => helpers.renderChildren(node.content ?? []),

  addProseMirrorPlugins() {
    return [typingStaysHuman(this.type), pastingIsMarked()];
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
        const tr = state.tr.replaceWith(from, to, state.schema.text(text, own));
        // Where a selection was replaced, what was typed would stay selected, and go with the next letter.
        tr.setSelection(TextSelection.create(tr.doc, from + text.length));
        view.dispatch(tr.setStoredMarks(own).scrollIntoView());
        return true;
      },
    },
  });
}

/** Mark what comes from elsewhere. Text that was marked already keeps its mark. */
export function markPasted(content: Fragment, schema: Schema, parent?: Node): Fragment {
  const mark = schema.marks.origin?.create({ origin: ORIGIN_PASTE, gen: "" });
  if (!mark) return content;
  return Fragment.from(
    content.content.map((node) => {
      if (!node.isText) return node.copy(markPasted(node.content, schema, node));
      const allowed = !parent || parent.type.allowsMarkType(mark.type);
      return allowed && originOf(node) === "typed" ? node.mark(mark.addToSet(node.marks)) : node;
    }),
  );
}

/** Text that is cut or copied here and put down elsewhere in the page has not come from outside. */
function pastingIsMarked(): Plugin {
  let copied = "";
  return new Plugin({
    key: new PluginKey("originPasting"),
    props: {
      transformCopied(slice) {
        copied = textOf(slice);
        return slice;
      },
      transformPasted(slice, view) {
        if (view.dragging || textOf(slice) === copied) return slice;
        return new Slice(markPasted(slice.content, view.state.schema), slice.openStart, slice.openEnd);
      },
    },
  });
}

function textOf({ content }: Slice): string {
  return content.textBetween(0, content.size, "\n", "\n");
}
