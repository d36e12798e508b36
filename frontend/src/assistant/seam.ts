/** The seams between a writer's text and what is proposed in it: words stay apart, by one blank and no more. */

/** Scripts that put no blanks between words, their punctuation and full-width forms. As the server's `seam.py`. */
const SPACELESS =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\u3000-\u303f\uff00-\uffef]/u;
/** After these a word follows at once. */
const OPENING = /[([{«‹“‘¿¡—–\-/]$/u;
/** A word, or what opens one. Straight quotation marks do both: they open where a word follows them. */
const BEGINS_WORD = /^(?:[\p{L}\p{N}([{«‹“‘¿¡]|["'][\p{L}\p{N}])/u;

/** Where a proposal stands: the text right before and right after it, in its block. */
interface Surroundings {
  before: string;
  after: string;
}

/** The model's text as it continues `before`: no second blank, no blank lines at the start of an empty block. */
export function shapeText(raw: string, before: string): string {
  const text = raw.replace(/\r\n?/g, "\n");
  if (before === "") return text.trimStart();
  return /\s$/.test(before) ? text.replace(/^[ \t]+/, "") : text;
}

/** What has to stand between `text` and the text after it: a blank, or nothing. */
export function seamAfter(text: string, { before, after }: Surroundings): "" | " " {
  const last = [...text.slice(-2)].at(-1) ?? "";
  const next = String.fromCodePoint(after.codePointAt(0) ?? 0);
  if (last === "" || /\s/.test(last) || OPENING.test(last)) return "";
  if (SPACELESS.test(last) || SPACELESS.test(next) || !BEGINS_WORD.test(after)) return "";
  const isInWord = /[\p{L}\p{N}]$/u.test(before) && /^'/.test(after); // don|'t
  return isInWord ? "" : " ";
}
