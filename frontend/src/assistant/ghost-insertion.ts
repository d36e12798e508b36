/**
 * Writes what is taken of a ghost into the document, in steps that each leave the rest of the text alone: the binding to
 * the shared document compares block by block, and would otherwise write anew what two who take at once both have.
 */
import { Fragment, Slice } from "@tiptap/pm/model";
import { type EditorState, TextSelection, type Transaction } from "@tiptap/pm/state";
import { blockText } from "../collaboration/anchors";
import { ORIGIN_AI } from "../editor/origin";

/** The lines of `part` as they are written at `pos`: the first goes on there, each other becomes a paragraph. */
export function linesOf(state: EditorState, pos: number, part: string): string[] {
  return state.doc.resolve(pos).parent.type.spec.code ? [part] : part.split(/\n+/);
}

/** The transaction that writes a line at `pos`, marked with its generation. */
export function lineInsertion(state: EditorState, pos: number, line: string, id: string): Transaction {
  const $pos = state.doc.resolve(pos);
  if ($pos.parent.type.spec.code) return state.tr.insertText(line, pos);
  return state.tr.insert(pos, assisted(state, pos, line, id));
}

/** The text behind `pos` in its block. */
export function textBehind(state: EditorState, pos: number): string {
  const $pos = state.doc.resolve(pos);
  return blockText($pos.parent, $pos.parentOffset);
}

/** Whether paragraphs can follow the block of `pos`. */
export function canBeFollowed(state: EditorState, pos: number): boolean {
  const $pos = state.doc.resolve(pos);
  const { paragraph } = state.schema.nodes;
  const index = $pos.depth > 0 ? $pos.indexAfter(-1) : 0;
  return Boolean(paragraph && $pos.depth > 0 && $pos.node(-1).canReplaceWith(index, index, paragraph));
}

/** The transaction that writes a paragraph for each of `lines` behind the block of `pos`. */
export function paragraphsBehind(
  state: EditorState,
  pos: number,
  lines: readonly string[],
  id: string,
): Transaction {
  const { tr } = state;
  const after = state.doc.resolve(pos).after();
  const blocks = lines.map((line) =>
    state.schema.nodes.paragraph?.create(null, line ? assisted(state, pos, line, id) : null),
  );
  tr.insert(after, Fragment.from(blocks.flatMap((block) => block ?? [])));
  if (textBehind(state, pos) === "") moveCaret(tr, state, pos, endOfLast(pos, lines));
  return tr;
}

/** The transaction that brings the text behind `pos` to the end of the paragraphs that were written behind its block. */
export function bringingAlong(state: EditorState, pos: number, lines: readonly string[]): Transaction {
  const { tr } = state;
  const $pos = state.doc.resolve(pos);
  const tail = $pos.parent.slice($pos.parentOffset).content;
  const end = $pos.end();
  // Positions behind the block: first the insertion there, then the deletion before it.
  tr.insert(end + 1 + endOfLast(0, lines) - 1, tail);
  tr.delete(pos, end);
  const target = endOfLast(pos, lines);
  moveCaret(tr, state, pos, target);
  return tr;
}

/** For a block that no paragraph can follow: the transaction that splits it at `pos` as far as that is possible. */
export function splitting(
  state: EditorState,
  pos: number,
  lines: readonly string[],
  id: string,
): Transaction {
  const { parent } = state.doc.resolve(pos);
  const blocks = lines.map((line) =>
    state.schema.nodes.paragraph?.create(null, line ? assisted(state, pos, line, id) : null),
  );
  const all = [parent.type.create(parent.attrs), ...blocks.flatMap((block) => block ?? [])];
  return state.tr.replace(pos, pos, new Slice(Fragment.from(all), 1, 1));
}

/** Where the words of the last of the paragraphs end, when the block before them ends at `pos`. */
export function endOfLast(pos: number, lines: readonly string[]): number {
  return pos + lines.reduce((sum, line) => sum + line.length + 2, 0);
}

/** What stood at or behind `pos` in its block is now at `target`. */
function moveCaret(tr: Transaction, { doc, selection }: EditorState, pos: number, target: number): void {
  const end = doc.resolve(pos).end();
  const moved = (old: number) => (pos <= old && old <= end ? old - pos + target : tr.mapping.map(old));
  if (!(selection instanceof TextSelection)) return;
  tr.setSelection(TextSelection.create(tr.doc, moved(selection.anchor), moved(selection.head)));
}

function assisted(state: EditorState, pos: number, words: string, id: string) {
  const { origin } = state.schema.marks;
  if (!origin) throw new Error("The schema has no provenance mark.");
  const marks = state.doc.resolve(pos).marks();
  return state.schema.text(words, origin.create({ origin: ORIGIN_AI, gen: id }).addToSet([...marks]));
}
