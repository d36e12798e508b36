/**
 * A passage chosen with the keys where the text may only be read, and so has no caret: blocks one after another, and the
 * sentences in them. What is chosen is selected, as a mouse would have it.
 */
import type { Editor } from "@tiptap/core";
import type { Node } from "@tiptap/pm/model";
import { TextSelection } from "@tiptap/pm/state";
import { blockText } from "../collaboration/anchors";
import { announce, notify } from "../editor/announce";
import { readSelection } from "../editor/fresh-selection";

export interface Range {
  from: number;
  to: number;
}

const HOW =
  "The arrows choose a paragraph (up, down) or a sentence (right, left). Enter comments on it, Escape leaves.";

export class PassagePicker {
  private picked: Range | null = null;
  private stop: AbortController | null = null;
  private readonly keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => this.toBlock(1),
    ArrowUp: () => this.toBlock(-1),
    ArrowRight: () => this.toSentence(1),
    ArrowLeft: () => this.toSentence(-1),
    Home: () => this.toBlock(Number.NEGATIVE_INFINITY),
    End: () => this.toBlock(Number.POSITIVE_INFINITY),
    Enter: () => this.take(),
    Escape: () => this.leave(),
  };

  constructor(
    private readonly editor: Editor,
    private readonly choose: (range: Range) => void,
  ) {}

  /** Begin at the first block in sight. False: there is nothing to choose. */
  start(): boolean {
    this.end();
    const blocks = blocksOf(this.editor.state.doc);
    const first = blocks.find((range) => this.isInSight(range)) ?? blocks[0];
    if (!first) return false;
    this.stop = new AbortController();
    const { signal } = this.stop;
    document.addEventListener("keydown", (event) => this.onKey(event), { capture: true, signal });
    document.addEventListener("pointerdown", () => this.end(), { capture: true, signal });
    const { dom } = this.editor.view;
    dom.tabIndex = -1; // a screen reader hands the keys on where a text box has the focus
    dom.focus({ preventScroll: true });
    notify(HOW);
    this.pick(first);
    return true;
  }

  end(): void {
    this.stop?.abort();
    this.stop = null;
    this.picked = null;
  }

  private onKey(event: KeyboardEvent): void {
    const { key, altKey, ctrlKey, metaKey } = event;
    if (altKey || ctrlKey || metaKey) return;
    const act = this.keys[key];
    if (act) {
      event.preventDefault();
      event.stopImmediatePropagation();
      act();
    } else if (key === "Tab") this.end();
  }

  private take(): void {
    const { picked } = this;
    this.end();
    if (picked) this.choose(picked);
  }

  private leave(): void {
    const { view, state } = this.editor;
    const at = this.picked && TextSelection.near(state.doc.resolve(this.picked.from));
    this.end();
    if (at) view.dispatch(state.tr.setSelection(at)); // or what was picked would be shown as chosen
    document.getSelection()?.removeAllRanges();
    announce("Nothing was chosen.");
  }

  private toBlock(by: number): void {
    const blocks = blocksOf(this.editor.state.doc);
    const at = this.blockAt(blocks);
    const next = blocks[Math.min(blocks.length - 1, Math.max(0, at + by))];
    if (next) this.pick(next);
  }

  /** The whole block comes before its first sentence. */
  private toSentence(by: number): void {
    const { doc } = this.editor.state;
    const block = blocksOf(doc)[this.blockAt(blocksOf(doc))];
    if (!block || !this.picked) return;
    const { from, to } = this.picked;
    const stops = [block, ...sentencesOf(doc, block)];
    const at = from === block.from && to === block.to ? 0 : stops.findLastIndex((one) => one.from <= from);
    const next = stops[Math.min(stops.length - 1, Math.max(0, at + by))];
    if (next) this.pick(next);
  }

  /** The block of what is picked; others may have written before it since. */
  private blockAt(blocks: readonly Range[]): number {
    const from = this.picked?.from ?? 0;
    return Math.max(
      0,
      blocks.findLastIndex((block) => block.from <= from),
    );
  }

  private pick(range: Range): void {
    this.picked = range;
    const { view, state } = this.editor;
    const [start, end] = [view.domAtPos(range.from), view.domAtPos(range.to)];
    document.getSelection()?.setBaseAndExtent(start.node, start.offset, end.node, end.offset);
    readSelection(view); // before ProseMirror, which has got the focus, puts back what it knows
    const element = start.node instanceof Element ? start.node : start.node.parentElement;
    element?.scrollIntoView({ block: "nearest" });
    announce(state.doc.textBetween(range.from, range.to, " "));
  }

  private isInSight({ from, to }: Range): boolean {
    const { view } = this.editor;
    const { clientHeight } = document.documentElement;
    return view.coordsAtPos(to).bottom > 0 && view.coordsAtPos(from).top < clientHeight;
  }
}

/** The insides of the blocks that have words. */
function blocksOf(doc: Node): Range[] {
  const blocks: Range[] = [];
  doc.descendants((node, pos) => {
    if (!node.isTextblock) return true;
    if (node.textContent.trim() !== "") blocks.push({ from: pos + 1, to: pos + 1 + node.content.size });
    return false;
  });
  return blocks;
}

/** A block's sentences, without the space between them; none where there is one only. */
function sentencesOf(doc: Node, { from }: Range): Range[] {
  const text = blockText(doc.resolve(from).parent);
  const found = [...new Intl.Segmenter(undefined, { granularity: "sentence" }).segment(text)].flatMap(
    ({ segment, index }) => {
      const words = segment.trimEnd();
      return words.trim() === "" ? [] : [{ from: from + index, to: from + index + words.length }];
    },
  );
  return found.length > 1 ? found : [];
}
