/** Markdown as nodes of this editor: loaded when Markdown is first pasted. */
import type { Editor, JSONContent } from "@tiptap/core";
import { MarkdownManager } from "@tiptap/markdown";
import { Fragment, type Node } from "@tiptap/pm/model";
import { isSafeLink } from "./links";
import { IMAGE_SOURCE } from "./schema";

/** Return the blocks of `markdown`. Raw HTML stays text; unsafe links and pictures elsewhere lose their address. */
export function markdownNodes(editor: Editor, markdown: string): Fragment {
  const manager = new MarkdownManager({ extensions: editor.extensionManager.baseExtensions });
  const parsed = withoutUnsafe(manager.parse(markdown));
  return Fragment.from((parsed?.content ?? []).map((node) => editor.schema.nodeFromJSON(node)));
}

/** Return the Markdown of some blocks. */
export function markdownOf(editor: Editor, blocks: readonly Node[]): string {
  const manager = new MarkdownManager({ extensions: editor.extensionManager.baseExtensions });
  return manager.serialize({ type: "doc", content: blocks.map((block) => block.toJSON()) }).trim();
}

function withoutUnsafe(node: JSONContent): JSONContent | null {
  if (node.type === "image" && !IMAGE_SOURCE.test(String(node.attrs?.src ?? ""))) {
    const words = String(node.attrs?.alt || node.attrs?.src || "");
    return words ? { type: "paragraph", content: [{ type: "text", text: words }] } : null;
  }
  const marks = node.marks?.filter(
    (mark) => mark.type !== "link" || isSafeLink(String(mark.attrs?.href ?? "")),
  );
  const content = node.content?.map(withoutUnsafe).filter((child) => child !== null);
  return { ...node, ...(marks ? { marks } : {}), ...(content ? { content } : {}) };
}
