/** Whether a text is English, as far as the words that every English text is full of tell. */
const FUNCTION_WORDS = new Set(
  (
    "the and of to a in is that it was for on with as he she they not are be this have has had at by from or an but " +
    "his her their we you i my your our its which were been would there what when who will more no if out so up can"
  ).split(" "),
);
const WORD = /\p{L}[\p{L}'’]*/gu;
/** Share of such words: English prose has 40 to 50 %, other languages below 10 %. */
const ENGLISH_SHARE = 0.16;
/** Fewer words tell nothing by themselves. */
const WORDS_ENOUGH = 8;

export function isEnglish(text: string): boolean {
  return share(text).share >= ENGLISH_SHARE;
}

/** Whether a block is to be checked as English in a document that is (or is not) English as a whole. */
export function isEnglishBlock(text: string, documentIsEnglish: boolean): boolean {
  const { words, share: part } = share(text);
  return words < WORDS_ENOUGH ? documentIsEnglish : part >= ENGLISH_SHARE;
}

function share(text: string): { words: number; share: number } {
  const words = text.toLowerCase().match(WORD) ?? [];
  const known = words.filter((word) => FUNCTION_WORDS.has(word)).length;
  return { words: words.length, share: words.length === 0 ? 0 : known / words.length };
}
