/** The text around a place, as the assistant gets it: plain, paragraphs apart by a blank line. */
import type { Node } from "@tiptap/pm/model";

const BLOCK = "\n\n";
const BREAK = "\n";

export interface Excerpt {
  text_before: string;
  text_after: string;
}

/** Return at most `before` and `after` characters (UTF-16 code units) on either side of `pos`. */
export function excerpt(doc: Node, pos: number, limits: { before: number; after: number }): Excerpt {
  return { text_before: textBefore(doc, pos, limits.before), text_after: textAfter(doc, pos, limits.after) };
}

function textBefore(doc: Node, pos: number, limit: number): string {
  // A position is at most one character of text, so this much of the document is enough, or nearly.
  const from = Math.max(0, pos - limit);
  const text = doc.textBetween(from, pos, BLOCK, BREAK).slice(-limit);
  return from === 0 ? text : afterFirstBoundary(withoutHalfCharacters(text));
}

function textAfter(doc: Node, pos: number, limit: number): string {
  const text = doc.textBetween(pos, Math.min(doc.content.size, pos + limit), BLOCK, BREAK).slice(0, limit);
  // At the end of a block the text that follows belongs to the next one.
  const $pos = doc.resolve(pos);
  const apart =
    $pos.parent.isTextblock &&
    $pos.parentOffset === $pos.parent.content.size &&
    text &&
    !text.startsWith("\n");
  return withoutHalfCharacters(apart ? `${BLOCK}${text}`.slice(0, limit) : text);
}

/** Begin with a whole word where the text was cut. */
function afterFirstBoundary(text: string): string {
  const boundary = text.search(/\s/);
  return boundary < 0 || boundary > 100 ? text : text.slice(boundary).trimStart();
}

/** Cutting may have left half a surrogate pair at an end. */
function withoutHalfCharacters(text: string): string {
  return text.replace(/^[\udc00-\udfff]/, "").replace(/[\ud800-\udbff]$/, "");
}
