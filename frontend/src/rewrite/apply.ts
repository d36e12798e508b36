/** Puts a rewrite into the text: instead of what was selected, part of it, or below. */
import { Fragment, type Node, type NodeType, Slice } from "@tiptap/pm/model";
import type { EditorState, Transaction } from "@tiptap/pm/state";
import { type documentPassage, passageOf, positionsOf } from "../assistant/passage";
import { type Change, changesBetween, replaceWords } from "../assistant/replacement";
import { ORIGIN_AI } from "../editor/origin";
import { blocksAt, isList } from "./selected";

export interface Target {
  from: number;
  to: number;
  inline: boolean;
}

/** What a rewrite is made of: plain words, or nodes made of its Markdown. */
export type Result = { words: string } | { blocks: Fragment };

/** Return the transaction that writes `result` in the place of `target`, or null where it does not fit there. */
export function replacing(
  state: EditorState,
  target: Target,
  result: Result,
  id: string,
): Transaction | null {
  const { tr, doc } = state;
  const { from, to, inline } = target;
  if ("words" in result) return replaceWords(tr, { from, to, words: result.words, id });
  const before = passageOf(doc, from, to).text;
  const { blocks } = result;
  if (inline) {
    const only = blocks.childCount === 1 ? blocks.firstChild : null;
    const slice = only?.isTextblock
      ? new Slice(only.content, 0, 0)
      : new Slice(blocks, open(blocks.firstChild), open(blocks.lastChild));
    tr.replace(from, to, slice);
    return markNew(tr, { from, to: tr.mapping.map(to), before, id });
  }
  const range = blocksAt(doc, from, to);
  if (!range) return null;
  const fitting = isList(range.parent) ? itemsOf(blocks, range.parent) : blocks;
  if (!fitting || !range.parent.canReplace(range.startIndex, range.endIndex, fitting)) return null;
  tr.replaceWith(range.start, range.end, fitting);
  return markNew(tr, { from: range.start, to: tr.mapping.map(range.end), before, id });
}

/** Return the transaction that applies some of the changes between the old words and the new ones. */
export function replacingPart(
  state: EditorState,
  { from, to }: Target,
  changes: readonly Change[],
  id: string,
): Transaction {
  const { tr, doc } = state;
  const passage = passageOf(doc, from, to);
  for (const change of changes.toReversed()) {
    const place = positionsOf(passage, change.start, change.end);
    if (!place) continue;
    const old = passage.text.slice(change.start, change.end);
    const words = change.words;
    // With a neighbour, so that what is put in gets its marks.
    const before = change.start > 0 && old === "" ? passage.text.slice(change.start - 1, change.start) : "";
    const lead = before === "\n" ? "" : before;
    replaceWords(tr, { from: place.from - lead.length, to: place.to, words: lead + words, id });
  }
  return tr;
}

/** Return the transaction that puts `result` below the block at `pos`. */
export function insertingBelow(state: EditorState, pos: number, result: Result, id: string): Transaction {
  const { tr, doc, schema } = state;
  const $pos = doc.resolve(Math.min(pos, doc.content.size));
  const at = $pos.depth > 0 ? $pos.after(1) : doc.content.size;
  const paragraph = schema.nodes.paragraph as NodeType;
  const blocks =
    "blocks" in result
      ? result.blocks
      : Fragment.from(
          result.words.split(/\n+/).map((line) => paragraph.create(null, line ? schema.text(line) : null)),
        );
  const block = $pos.depth > 0 ? $pos.node(1) : null;
  const isEmpty = block?.type === paragraph && block.content.size === 0;
  const start = isEmpty ? $pos.before(1) : at;
  tr.replaceWith(start, at, blocks);
  return markNew(tr, { from: start, to: start + blocks.size, before: "", id });
}

/** Mark as assisted what the new text has and the old one had not. */
function markNew(
  tr: Transaction,
  { from, to, before, id }: { from: number; to: number; before: string; id: string },
): Transaction {
  const origin = tr.doc.type.schema.marks.origin;
  const passage = passageOf(tr.doc, from, to);
  if (!origin) return tr;
  let shift = 0;
  for (const { start, end, words } of changesBetween(before, passage.text)) {
    const first = start + shift;
    shift += words.length - (end - start);
    for (const piece of pieces(passage, first, first + words.length))
      tr.addMark(piece.from, piece.to, origin.create({ origin: ORIGIN_AI, gen: id }));
  }
  return tr;
}

/** The positions of a stretch of a passage, block by block. */
export function pieces(
  passage: ReturnType<typeof documentPassage>,
  start: number,
  end: number,
): { from: number; to: number }[] {
  return passage.segments.flatMap(({ offset, length, pos }) => {
    const first = Math.max(start, offset);
    const last = Math.min(end, offset + length);
    return first < last ? [{ from: pos + first - offset, to: pos + last - offset }] : [];
  });
}

function open(block: Node | null | undefined): number {
  return block?.isTextblock ? 1 : 0;
}

/** The items of a list that came back; other blocks become an item each. */
function itemsOf(blocks: Fragment, list: Node): Fragment | null {
  const item = list.firstChild?.type;
  if (!item) return null;
  const items: Node[] = [];
  for (const block of blocks.content) {
    if (isList(block))
      for (const child of block.content.content)
        items.push(item.create(child.type === item ? child.attrs : null, child.content));
    else if (item.validContent(Fragment.from(block))) items.push(item.create(null, block));
    else return null;
  }
  return Fragment.from(items);
}
