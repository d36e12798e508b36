/** Words, reading time and the share of assisted text, of the document or of what is selected. */
import type { Editor } from "@tiptap/core";
import type { Node } from "@tiptap/pm/model";
import { COUNT_DELAY_MS, READING_WORDS_PER_MINUTE } from "./limits";
import { originOf } from "./origin";

export interface Counts {
  words: number;
  /** Characters in all, and those that came from the assistant or from elsewhere. */
  characters: number;
  assisted: number;
  pasted: number;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });
/** Scripts that put no spaces between words need the segmenter; for all others splitting is the same and 20 times faster. */
const UNSPACED = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]/;

export function countWords(text: string): number {
  if (!UNSPACED.test(text)) return text.match(/[\p{L}\p{N}][^\s]*/gu)?.length ?? 0;
  let words = 0;
  for (const { isWordLike } of segmenter.segment(text)) if (isWordLike) words++;
  return words;
}

/** Blocks do not change while they are the same object, so each is counted once. */
const counted = new WeakMap<Node, Counts>();

export function countDocument(doc: Node): Counts {
  const total = { words: 0, characters: 0, assisted: 0, pasted: 0 };
  doc.descendants((node) => {
    if (!node.isTextblock) return true;
    let counts = counted.get(node);
    if (!counts) {
      counts = countBlock(node);
      counted.set(node, counts);
    }
    total.words += counts.words;
    total.characters += counts.characters;
    total.assisted += counts.assisted;
    total.pasted += counts.pasted;
    return false;
  });
  return total;
}

function countBlock(block: Node): Counts {
  let assisted = 0;
  let pasted = 0;
  let characters = 0;
  block.descendants((node) => {
    const length = node.text?.length ?? 0;
    characters += length;
    const origin = originOf(node);
    if (origin === "assisted") assisted += length;
    else if (origin === "pasted") pasted += length;
  });
  const words = countWords(block.textBetween(0, block.content.size, " ", " "));
  return { words, characters, assisted, pasted };
}

export function countsSentence(words: number, selected: boolean): string {
  const minutes = Math.max(1, Math.round(words / READING_WORDS_PER_MINUTE));
  const count = `${words.toLocaleString()} ${words === 1 ? "word" : "words"}`;
  return `${count}${selected ? " selected" : ""} · ${words === 0 ? 0 : minutes} min`;
}

/** The share of assisted text in whole percent; anything at all is at least 1. */
export function assistedPercent({ characters, assisted }: Counts): number {
  return percentOf(assisted, characters);
}

/** A share in whole percent: anything at all is at least 1, and less than all is at most 99. */
export function percentOf(part: number, total: number): number {
  if (part === 0 || total === 0) return 0;
  return part === total ? 100 : Math.min(99, Math.max(1, Math.round((part / total) * 100)));
}

export interface CountsView {
  counts: HTMLElement;
  /** The switch around the share; of no use while there is nothing to show. */
  assisted: HTMLElement;
  percent: HTMLElement;
}

export function showCounts(editor: Editor, view: CountsView): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ofSelection = false;
  const draw = () => {
    clearTimeout(timer);
    timer = undefined;
    const { selection, doc } = editor.state;
    const selected = selection.empty ? "" : doc.textBetween(selection.from, selection.to, " ", " ").trim();
    const totals = countDocument(doc);
    ofSelection = selected !== "";
    write(view.counts, countsSentence(selected ? countWords(selected) : totals.words, ofSelection));
    const percent = assistedPercent(totals);
    view.assisted.hidden = percent === 0;
    write(view.percent, `${percent} %`);
  };
  // Not only in a pause: with several people writing there may be none. Of words that are selected no more, at once.
  const later = () => {
    if (ofSelection && editor.state.selection.empty) draw();
    else timer ??= setTimeout(draw, COUNT_DELAY_MS);
  };
  editor.on("update", later);
  editor.on("selectionUpdate", later);
  editor.on("destroy", () => clearTimeout(timer));
  draw();
}

/** The same words are not drawn anew. */
function write(element: HTMLElement, words: string): void {
  if (element.textContent !== words) element.textContent = words;
}
