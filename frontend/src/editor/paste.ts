/** Paste keeps structure: from Word and Docs by cleaning their HTML, from plain text by reading its Markdown. */
import type { Editor } from "@tiptap/core";
import { Extension } from "@tiptap/core";
import { Fragment, type Node, Slice } from "@tiptap/pm/model";
import { Plugin, PluginKey } from "@tiptap/pm/state";
import type { EditorView } from "@tiptap/pm/view";
import { notify } from "./announce";
import { cleanHtml } from "./clean-html";
import { BLOCK_MAX_BYTES, PASTE_STEP_CHARACTERS } from "./limits";
import { markdown } from "./markdown-on-demand";
import { markPasted } from "./origin";

export const Paste = Extension.create({
  name: "structuredPaste",
  priority: 200,
  addProseMirrorPlugins() {
    const editor = this.editor as Editor;
    return [
      new Plugin({
        key: new PluginKey("paste"),
        props: {
          transformPastedHTML: (html) =>
            cleanHtml(html, () =>
              notify("A picture was too large and was left out. Paste or drop it by itself."),
            ),
          handlePaste: (view, event, slice) => pasteMarkdown(editor, event) || pasteInSteps(view, slice),
        },
      }),
    ];
  },
});

/** Whether plain text was written as Markdown: one sign of structure at the start of a line, or a link or emphasis. */
export function looksLikeMarkdown(text: string): boolean {
  const signs = [
    /^#{1,6} \S/m,
    /^\s*[-*+] \S.*\n\s*[-*+] \S/m,
    /^\s*\d+[.)] \S.*\n\s*\d+[.)] \S/m,
    /^> \S/m,
    /^```/m,
    /^\s*[-*] \[[ x]\] /m,
    /\[[^\]\n]+\]\((https?:|mailto:)[^)\s]+\)/,
    /\*\*[^*\n]+\*\*/,
    /^\|.+\|\s*\n\|[\s:|-]+\|/m,
  ];
  return signs.some((sign) => sign.test(text));
}

function pasteMarkdown(editor: Editor, event: ClipboardEvent): boolean {
  const data = event.clipboardData;
  const text = data?.getData("text/plain") ?? "";
  if (!data || data.types.includes("text/html") || editor.isActive("codeBlock") || !looksLikeMarkdown(text))
    return false;
  markdown
    .attempt()
    .then(({ markdownNodes }) =>
      pasteInSteps(
        editor.view,
        new Slice(markPasted(markdownNodes(editor, text), editor.schema), 0, 0),
        true,
      ),
    )
    .catch(() => {
      editor.commands.insertContent(text);
      notify("The Markdown could not be read, so it was pasted as it is.");
    });
  return true;
}

/** Insert a very large paste as several updates: one would be more than the server takes at once. */
function pasteInSteps(view: EditorView, slice: Slice, always = false): boolean {
  const isLarge = weight(slice.content) > PASTE_STEP_CHARACTERS;
  if (!isLarge && !always) return false;
  if (!isLarge) {
    view.dispatch(view.state.tr.replaceSelection(slice).scrollIntoView().setMeta("paste", true));
    return true;
  }
  if (slice.content.content.some((block) => weightOf(block) > BLOCK_MAX_BYTES)) {
    notify("That is too much to paste at once. Nothing was pasted. Try it in smaller pieces.");
    return true;
  }
  for (const part of partsOf(slice)) {
    view.dispatch(view.state.tr.replaceSelection(part).setMeta("paste", true));
  }
  view.dispatch(view.state.tr.scrollIntoView());
  return true;
}

/** Blocks in groups below the limit. */
function* partsOf(slice: Slice): Generator<Slice> {
  let blocks: Node[] = [];
  let size = 0;
  for (const block of slice.content.content) {
    if (size + weightOf(block) > PASTE_STEP_CHARACTERS && blocks.length > 0) {
      yield new Slice(Fragment.from(blocks), 0, 0);
      blocks = [];
      size = 0;
    }
    blocks.push(block);
    size += weightOf(block);
  }
  if (blocks.length > 0) yield new Slice(Fragment.from(blocks), 0, 0);
}

function weight(content: Fragment): number {
  return content.content.reduce((sum, node) => sum + weightOf(node), 0);
}

/** Roughly the characters of an update: text, and pictures' data. */
function weightOf(node: Node): number {
  let total = node.nodeSize + String(node.attrs.src ?? "").length;
  node.descendants((child) => {
    total += String(child.attrs.src ?? "").length;
  });
  return total;
}
