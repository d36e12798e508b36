/** Writes other words in the place of some, word by word: what stays the same keeps its marks and its author. */
import type { Mark, Node, Schema } from "@tiptap/pm/model";
import type { Transaction } from "@tiptap/pm/state";
import { diffArrays } from "diff";
import { blockText } from "../collaboration/anchors";
import { ORIGIN_AI } from "../editor/origin";

/** A stretch that differs: offsets into the old text, and what takes its place. */
export interface Change {
  start: number;
  end: number;
  words: string;
}

const TOKENS = /\s+|[\p{L}\p{N}\p{M}'’_-]+|./gsu;
/** Scripts without spaces between words are compared letter by letter. */
const UNSPACED = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]/;

export function tokens(text: string): string[] {
  const found = text.match(TOKENS) ?? [];
  return UNSPACED.test(text)
    ? found.flatMap((token) => (UNSPACED.test(token) ? [...token] : [token]))
    : found;
}

/** Texts that differ in more are not compared word by word: that takes long and says nothing. */
const EDITS_MAX = 1200;

function wholeChange(before: string, after: string): Change[] {
  return before === after ? [] : [{ start: 0, end: before.length, words: after }];
}

/** Return what has to change in `before` to make it `after`, in order. */
export function changesBetween(before: string, after: string): Change[] {
  const parts = diffArrays(tokens(before), tokens(after), { maxEditLength: EDITS_MAX });
  if (!parts) return wholeChange(before, after);
  const changes: Change[] = [];
  let at = 0;
  let open: Change | null = null;
  let between = "";
  for (const part of parts) {
    const words = part.value.join("");
    if (!part.added && !part.removed) {
      at += words.length;
      // Two changes with nothing but a blank between them read as one.
      if (open && words.trim() === "") between = words;
      else open = null;
      continue;
    }
    if (!open) {
      open = { start: at, end: at, words: "" };
      changes.push(open);
    } else if (between) {
      open.words += between;
      open.end += between.length;
    }
    between = "";
    if (part.added) open.words += words;
    else open.end = at += words.length;
  }
  return changes.map((change) => withoutSameBlanks(before, change));
}

function withoutSameBlanks(before: string, { start, end, words }: Change): Change {
  const old = before.slice(start, end);
  const trailing = /\s+$/.exec(old)?.[0] ?? "";
  if (!trailing || old === trailing || !words.endsWith(trailing)) return { start, end, words };
  return { start, end: end - trailing.length, words: words.slice(0, words.length - trailing.length) };
}

/**
 * Replace the text between two positions of one block, marking what is new as coming from generation `id`; without an
 * id (a correction of spelling) nothing is marked.
 */
export function replaceWords(
  tr: Transaction,
  { from, to, words, id }: { from: number; to: number; words: string; id: string | null },
): Transaction {
  const $from = tr.doc.resolve(from);
  const before = blockText($from.parent, $from.parentOffset, $from.parentOffset + to - from);
  const line = $from.parent.type.spec.code ? words : words.replace(/\s*\n\s*/g, " ");
  const after = before.includes("\n") ? words : line;
  for (const change of changesBetween(before, after).toReversed()) {
    const start = from + change.start;
    const end = from + change.end;
    if (change.words === "") tr.delete(start, end);
    else
      tr.replaceWith(
        start,
        end,
        inline(tr.doc.type.schema, change.words, marksFor(tr.doc, start, end, from, id)),
      );
  }
  return tr;
}

function inline(schema: Schema, words: string, marks: readonly Mark[]): Node[] {
  const lineBreak = schema.nodes.hardBreak;
  return words
    .split("\n")
    .flatMap((line, index) => [
      ...(index > 0 && lineBreak ? [lineBreak.create()] : []),
      ...(line ? [schema.text(line, marks)] : []),
    ]);
}

/** As the words that go were written; for an insertion, as the word before it in the stretch, else the one after. */
function marksFor(doc: Node, start: number, end: number, from: number, id: string | null): readonly Mark[] {
  const $start = doc.resolve(start);
  const model = end > start || start === from ? $start.nodeAfter : $start.nodeBefore;
  const marks = (model?.marks ?? []).filter(({ type }) => type.name !== "origin");
  const origin = doc.type.schema.marks.origin;
  if (id === null || !origin || !$start.parent.type.allowsMarkType(origin)) return marks;
  return origin.create({ origin: ORIGIN_AI, gen: id }).addToSet(marks);
}
