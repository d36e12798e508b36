/**
 * Draws findings under the words of the text. What is wrong in a block depends on its text alone, so findings are looked
 * up by it: no edit, of whomever, can leave one under other words.
 */
import { isChangeOrigin } from "@tiptap/extension-collaboration";
import type { Node } from "@tiptap/pm/model";
import { type EditorState, Plugin, PluginKey, type Transaction } from "@tiptap/pm/state";
import { Decoration, DecorationSet } from "@tiptap/pm/view";
import { blockText } from "../collaboration/anchors";
import type { Finding } from "./findings";

/** A finding in its place. */
export interface Underline {
  id: string;
  from: number;
  to: number;
  /** The text of its block when it was found. */
  block: string;
  finding: Finding;
}

interface State {
  underlines: readonly Underline[];
  decorations: DecorationSet;
}

export const underlinesKey = new PluginKey<State>("grammar");

/** `lookUp`: what is known to be wrong in a block with this text; null while that is not known. */
export function underlinesPlugin(lookUp: (text: string) => readonly Finding[] | null): Plugin<State> {
  return new Plugin<State>({
    key: underlinesKey,
    state: {
      init: () => ({ underlines: [], decorations: DecorationSet.empty }),
      apply(tr, value, _before, state) {
        if (tr.getMeta(underlinesKey) || (tr.docChanged && isChangeOrigin(tr)))
          return draw(state, value.underlines, lookUp);
        return tr.docChanged && value.underlines.length > 0 ? mapped(tr, value) : value;
      },
    },
    props: { decorations: (state) => underlinesKey.getState(state)?.decorations },
  });
}

export function underlinesOf(state: EditorState): readonly Underline[] {
  return underlinesKey.getState(state)?.underlines ?? [];
}

/** Every block of prose with its position and text. */
export function proseBlocks(doc: Node): { pos: number; text: string }[] {
  const blocks: { pos: number; text: string }[] = [];
  doc.descendants((node, pos) => {
    if (!node.isTextblock) return true;
    if (!node.type.spec.code && node.content.size > 0) blocks.push({ pos: pos + 1, text: textOf(node) });
    return false;
  });
  return blocks;
}

const texts = new WeakMap<Node, string>();

/** Blocks do not change while they are the same object. Code inside the line is blanked out: it is not prose. */
export function textOf(block: Node): string {
  let text = texts.get(block);
  if (text === undefined) {
    text = withoutCode(block, blockText(block));
    texts.set(block, text);
  }
  return text;
}

function withoutCode(block: Node, text: string): string {
  let prose = text;
  block.forEach((child, offset) => {
    if (child.marks.some(({ type }) => type.spec.code))
      prose = prose.slice(0, offset) + "\ufffc".repeat(child.nodeSize) + prose.slice(offset + child.nodeSize);
  });
  return prose;
}

function draw(
  { doc }: EditorState,
  before: readonly Underline[],
  lookUp: (text: string) => readonly Finding[] | null,
): State {
  const underlines = proseBlocks(doc).flatMap(({ pos, text }) => {
    const found = lookUp(text);
    // Not checked yet: what was there and still fits stays until the answer comes.
    if (!found)
      return before.filter((one) => one.from >= pos && one.to <= pos + text.length && isThere(doc, one));
    return found.map((finding) => ({
      id: `${pos}:${finding.start}:${finding.end}`,
      from: pos + finding.start,
      to: pos + finding.end,
      block: text,
      finding,
    }));
  });
  return { underlines, decorations: decorate(doc, underlines) };
}

function mapped(tr: Transaction, { underlines, decorations }: State): State {
  const kept = underlines.flatMap((one) => {
    const moved = { ...one, from: tr.mapping.map(one.from, 1), to: tr.mapping.map(one.to, -1) };
    return moved.from < moved.to && isThere(tr.doc, moved) ? [moved] : [];
  });
  if (kept.length === underlines.length)
    return { underlines: kept, decorations: decorations.map(tr.mapping, tr.doc) };
  return { underlines: kept, decorations: decorate(tr.doc, kept) };
}

function decorate(doc: Node, underlines: readonly Underline[]): DecorationSet {
  if (underlines.length === 0) return DecorationSet.empty;
  return DecorationSet.create(
    doc,
    underlines.map(({ id, from, to, finding }) =>
      Decoration.inline(from, to, { class: `finding finding-${finding.kind}`, "data-finding": id }),
    ),
  );
}

/** Whether the words of a finding stand where it is. */
export function isThere(doc: Node, { from, to, finding }: Underline): boolean {
  if (to > doc.content.size) return false;
  const $from = doc.resolve(from);
  if (!$from.parent.isTextblock || to > $from.end()) return false;
  return textOf($from.parent).slice($from.parentOffset, $from.parentOffset + to - from) === finding.original;
}
