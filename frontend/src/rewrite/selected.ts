/** What of the text is to be rewritten: words inside one block, or whole blocks. */
import type { Editor } from "@tiptap/core";
import { Fragment, type Node, type NodeRange } from "@tiptap/pm/model";
import { blockText } from "../collaboration/anchors";
import { LONG_CONTEXT_CHARACTERS } from "../editor/limits";
import { markdown } from "../editor/markdown-on-demand";

/** How the text goes to the assistant and comes back. */
export type Form = "plain" | "markdown";

export interface Selected {
  from: number;
  to: number;
  /** Inside one block; else from the start of a block to the end of one. */
  inline: boolean;
  form: Form;
  text: string;
  before: string;
  after: string;
}

/** Return what a selection means, or a sentence about why it can not be rewritten. */
export async function selectedText(editor: Editor, from: number, to: number): Promise<Selected | string> {
  const { doc } = editor.state;
  const range = wholeRange(doc, from, to);
  if (!range) return "Select text inside one cell of the table.";
  const around = {
    before: doc.textBetween(Math.max(0, range.from - LONG_CONTEXT_CHARACTERS), range.from, "\n\n", "\n"),
    after: doc.textBetween(
      range.to,
      Math.min(doc.content.size, range.to + LONG_CONTEXT_CHARACTERS),
      "\n\n",
      "\n",
    ),
  };
  if (range.inline && isPlain(doc, range.from, range.to)) {
    const $from = doc.resolve(range.from);
    const text = blockText($from.parent, $from.parentOffset, $from.parentOffset + range.to - range.from);
    return { ...range, ...around, form: "plain", text };
  }
  const { markdownOf } = await markdown.wanted();
  return { ...range, ...around, form: "markdown", text: markdownOf(editor, contentOf(doc, range)) };
}

interface Range {
  from: number;
  to: number;
  inline: boolean;
}

/** Inside one block as it is; over several, all of them. Null where that would tear a table apart. */
function wholeRange(doc: Node, from: number, to: number): Range | null {
  const $from = doc.resolve(from);
  const $to = doc.resolve(to);
  if ($from.sameParent($to) && $from.parent.isTextblock) return { from, to, inline: true };
  const blocks = $from.blockRange($to);
  if (!blocks || ["table", "row"].includes(String(blocks.parent.type.spec.tableRole))) return null;
  let first: number | null = null;
  let last = from;
  doc.nodesBetween(blocks.start, blocks.end, (node, pos) => {
    if (!node.isTextblock) return true;
    first ??= pos + 1;
    last = pos + 1 + node.content.size;
    return false;
  });
  return first === null ? null : { from: first, to: last, inline: false };
}

/** The blocks between two positions of text, with what holds them. */
export function blocksAt(doc: Node, from: number, to: number): NodeRange | null {
  return doc.resolve(from).blockRange(doc.resolve(to));
}

function isPlain(doc: Node, from: number, to: number): boolean {
  let plain = true;
  doc.nodesBetween(from, to, (node) => {
    if (node.isInline && !node.isText) plain = false;
    if (node.marks.some(({ type }) => type.name !== "origin")) plain = false;
  });
  return plain;
}

function contentOf(doc: Node, range: Range): Node[] {
  if (range.inline) {
    const { content } = doc.slice(range.from, range.to);
    return [doc.type.schema.nodes.paragraph?.create(null, content)].filter((node) => node !== undefined);
  }
  const blocks = blocksAt(doc, range.from, range.to);
  if (!blocks) return [];
  const nodes: Node[] = [];
  for (let index = blocks.startIndex; index < blocks.endIndex; index++)
    nodes.push(blocks.parent.child(index));
  return isList(blocks.parent) ? [blocks.parent.copy(Fragment.from(nodes))] : nodes;
}

export function isList(node: Node): boolean {
  return /List$/.test(node.type.name);
}
