/** Writes what is taken of a ghost into the document. */
import { Fragment, Slice } from "@tiptap/pm/model";
import type { EditorState, Transaction } from "@tiptap/pm/state";
import { ORIGIN_AI } from "../editor/origin";

/** The transaction that writes `part` at `pos`, marked with its generation. Blank lines become paragraphs. */
export function insertion(state: EditorState, pos: number, part: string, id: string): Transaction {
  const { schema, tr, doc } = state;
  const $pos = doc.resolve(pos);
  const parent = $pos.parent;
  if (parent.type.spec.code) return tr.insertText(part, pos);
  const origin = schema.marks.origin;
  const paragraph = schema.nodes.paragraph;
  if (!origin || !paragraph) throw new Error("The schema has no provenance mark or no paragraph.");
  const marks = origin.create({ origin: ORIGIN_AI, gen: id }).addToSet([...$pos.marks()]);
  const pieces = part.split(/\n+/);
  const text = (piece: string) => (piece ? schema.text(piece, marks) : null);
  if (pieces.length === 1) return tr.insert(pos, text(part) ?? Fragment.empty);
  const blocks = pieces.map((piece, index) =>
    index === 0 ? parent.type.create(parent.attrs, text(piece)) : paragraph.create(null, text(piece)),
  );
  return tr.replace(pos, pos, new Slice(Fragment.from(blocks), 1, 1));
}
