/**
 * Ghost text: what the assistant proposes, drawn at its place and not part of the document until somebody takes it.
 *
 * What was written at a ghost's place since it was made has to be the beginning of its text: that much is consumed,
 * whoever wrote it, in every browser alike. Anything else written there dismisses it.
 *
 * The element is kept and the widget's key is stable, so a chunk of text is one `appendData` per animation frame and no
 * transaction at all.
 */
import { type Editor, Extension } from "@tiptap/core";
import { type EditorState, Plugin, PluginKey, TextSelection, type Transaction } from "@tiptap/pm/state";
import { Decoration, DecorationSet, type EditorView } from "@tiptap/pm/view";
import { inShort } from "../collaboration/takes";
import { TAKEN_TWICE_MS } from "../editor/limits";
import {
  type Amount,
  type Drawn,
  draw,
  type Ghost,
  type GhostSource,
  redraw,
  tagWords,
} from "./ghost-element";
import {
  bringingAlong,
  canBeFollowed,
  endOfLast,
  lineInsertion,
  linesOf,
  paragraphsBehind,
  splitting,
  textBehind,
} from "./ghost-insertion";
import { type FollowContext, follow, type Placed } from "./ghost-place";
import { ViewKeeper } from "./keep-in-view";
import { seamAfter, shapeText } from "./seam";
import { TakenTwice } from "./taken-twice";
import { asOneStep } from "./undo-step";

interface GhostState {
  placed: readonly Placed[];
  /** Dismissed by the last transaction. */
  lost: readonly Placed[];
  decorations: DecorationSet;
}

type GhostMeta = { add: string } | { remove: string } | { take: string } | { look: string };

export interface GhostEvents {
  /** It is gone, by words written over it or by Esc, with what had been consumed of it. */
  dismissed(ghost: Ghost, consumed: string): void;
  /** All of it is in the document. */
  taken(ghost: Ghost): void;
  /** The person at this browser takes it, and no whole word of it is there yet. */
  wanted(ghost: Ghost): void;
  /** A ghost came, went or grew: whatever shows the ghosts elsewhere is to be drawn again. */
  changed(): void;
}

export const ghostKey = new PluginKey<GhostState>("ghost");

export class Ghosts {
  private readonly drawn = new Map<string, Drawn>();
  private readonly waiting = new Set<string>();
  private readonly waitingForOthers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly view = new ViewKeeper();
  private frame = 0;
  private editor: Editor | null = null;
  private twice: TakenTwice | null = null;

  constructor(private readonly events: GhostEvents) {}

  extension(): Extension {
    const ghosts = this;
    return Extension.create({
      name: "ghost",
      // Below Collaboration (1000), whose state has to be there first; above lists (100), which take Tab too.
      priority: 900,
      onBeforeCreate() {
        ghosts.editor = this.editor;
        ghosts.twice = new TakenTwice(this.editor);
      },
      onDestroy() {
        cancelAnimationFrame(ghosts.frame);
        for (const timer of ghosts.waitingForOthers.values()) clearTimeout(timer);
      },
      addKeyboardShortcuts() {
        return {
          Tab: () => ghosts.takeAtCaret("all"),
          "Mod-ArrowRight": () => ghosts.takeAtCaret("word"),
          "Ctrl-ArrowRight": () => ghosts.takeAtCaret("word"),
          Escape: () => ghosts.dismissActive(),
        };
      },
      addProseMirrorPlugins() {
        return [ghosts.plugin()];
      },
    });
  }

  get(id: string): Ghost | undefined {
    return this.drawn.get(id)?.ghost;
  }

  add(source: GhostSource): void {
    if (this.drawn.has(source.id) || !this.editor) return;
    this.drawn.set(
      source.id,
      draw({ ...source, text: "", over: false, held: false, takenHere: false, wanted: null }),
    );
    if (source.mine) this.view.begin();
    this.dispatch({ add: source.id });
  }

  /** Give a ghost its whole text so far, and draw it with the next frame. */
  setText(id: string, raw: string): void {
    const drawn = this.drawn.get(id);
    if (!drawn) return;
    drawn.ghost.text = shapeText(raw, drawn.ghost.anchor.before);
    this.waiting.add(id);
    this.frame ||= requestAnimationFrame(() => this.flush());
  }

  setHeld(id: string, held: boolean): void {
    const drawn = this.drawn.get(id);
    if (!drawn || drawn.ghost.held === held) return;
    drawn.ghost.held = held;
    this.waiting.add(id);
    this.frame ||= requestAnimationFrame(() => this.flush());
  }

  setDemo(id: string, demo: boolean): void {
    const drawn = this.drawn.get(id);
    if (!drawn) return;
    drawn.ghost.demo = demo;
    drawn.tag.textContent = tagWords(drawn.ghost);
  }

  /** No more text will come. */
  end(id: string): void {
    const drawn = this.drawn.get(id);
    if (!drawn) return;
    drawn.ghost.over = true;
    const text = drawn.ghost.text.trimEnd();
    drawn.ghost.text = text + this.seamAfter(text, drawn.ghost);
    this.waiting.add(id);
    this.flush();
    this.finishIfTaken(id);
  }

  remove(id: string): void {
    if (this.drawn.delete(id)) this.dispatch({ remove: id });
  }

  /** The ghost that keys act on: the one at the caret; else one's own; else any. Those without words do not count. */
  active(): Ghost | null {
    const head = this.editor?.state.selection.head;
    const placed = this.placed().filter((place) => place.pos >= 0);
    const best =
      placed.find((place) => place.pos === head) ??
      placed.find((place) => this.get(place.id)?.mine) ??
      placed[0];
    return best ? (this.get(best.id) ?? null) : null;
  }

  /** The one that the person at this browser asked for and that is still open. Completions go with the caret: not they. */
  own(): Ghost | null {
    const all = [...this.drawn.values()].map(({ ghost }) => ghost);
    return all.find((ghost) => ghost.mine && !ghost.private) ?? null;
  }

  /** Put the caret where its keys work, and bring it into view. Return whether its place is known. */
  goTo(id: string): boolean {
    const view = this.editor?.view;
    const element = this.drawn.get(id)?.element;
    const pos = this.place(id)?.pos ?? -1;
    if (!view || !element || pos < 0) return false;
    view.dispatch(view.state.tr.setSelection(TextSelection.create(view.state.doc, pos)));
    view.focus();
    this.view.show(element);
    return true;
  }

  isAtCaret(id: string): boolean {
    const selection = this.editor?.state.selection;
    return Boolean(selection?.empty && this.place(id)?.pos === selection.head);
  }

  /** What is still to be taken. */
  rest(id: string): string {
    return this.get(id)?.text.slice(this.place(id)?.consumed ?? 0) ?? "";
  }

  /** Put all of the rest, or its next word, into the document: an edit like any other, and an undo step of its own. */
  take(id: string, amount: Amount): boolean {
    return this.insert(id, amount) !== null;
  }

  /** Take of it now or, where no whole word is there yet, with the words that come next. Return whether that is done. */
  want(id: string, amount: Amount): boolean {
    if (this.take(id, amount)) return true;
    const ghost = this.get(id);
    if (!ghost || !this.editor?.isEditable || ghost.over) return false;
    const isSeen = this.rest(id).trim() !== "";
    // Unseen is taken only what one asked for oneself, and not by a key that goes to the next word of the text.
    if (!isSeen && (amount === "word" || !ghost.mine || ghost.private)) return false;
    if (ghost.wanted === null) this.events.wanted(ghost);
    ghost.wanted = amount;
    return true;
  }

  /** Take all that is there, and no more of it. Return where that ends, or null when its place is gone. */
  keep(id: string): number | null {
    const place = this.place(id);
    if (!this.editor?.isEditable || !place || place.pos < 0) return null;
    const end = this.insert(id, "all") ?? place.pos;
    if (this.get(id)) this.dismiss(id);
    return end;
  }

  private insert(id: string, amount: Amount): number | null {
    const place = this.place(id);
    const part = this.next(id, amount);
    if (!this.editor?.isEditable || !place || place.pos < 0 || !part || this.twice?.isTwice(id)) return null;
    const { view } = this.editor;
    const ghost = this.get(id);
    let end = place.pos;
    asOneStep(view, () => {
      end = this.write(view, place, part, ghost?.private ? null : this.twice);
    });
    if (ghost) ghost.wanted = null;
    return end;
  }

  /** Write a part of a ghost at its place. Return where that ends. */
  private write(
    view: EditorView,
    { id, pos, consumed }: Placed,
    part: string,
    twice: TakenTwice | null,
  ): number {
    const [line = "", ...lines] = linesOf(view.state, pos, part);
    const dispatch = (tr: Transaction) => view.dispatch(tr.setMeta(ghostKey, { take: id }));
    const told = (from: number, to: number) => ({ of: [id], from: consumed + from, to: consumed + to });
    const end = pos + line.length;
    if (line) {
      const write = () => dispatch(lineInsertion(view.state, pos, line, id));
      if (twice) twice.take(told(0, line.length), write);
      else write();
    }
    if (lines.length === 0) return end;
    if (!canBeFollowed(view.state, end)) {
      dispatch(splitting(view.state, end, lines, id));
      return endOfLast(end, lines);
    }
    const tail = textBehind(view.state, end);
    const write = () => dispatch(paragraphsBehind(view.state, end, lines, id));
    const bringAlong = () => {
      if (tail) dispatch(bringingAlong(view.state, end, lines));
    };
    if (twice) twice.take({ ...told(line.length, part.length), beside: inShort(tail) }, write, bringAlong);
    else {
      write();
      bringAlong();
    }
    return endOfLast(end, lines);
  }

  /**
   * What is put into the document next. It ends where the text may go on: before a word, with a blank, so that words stay
   * apart even if no more of it is ever taken.
   */
  private next(id: string, amount: Amount): string {
    const ghost = this.get(id);
    const rest = this.rest(id);
    if (!ghost || rest.trim() === "") return "";
    const part = (amount === "word" ? (/^\s*\S+/.exec(rest)?.[0] ?? "") : rest).trimEnd();
    if (this.seamAfter(part, ghost) === "") return part;
    if (/^[ \t]/.test(rest.slice(part.length))) return `${part} `;
    if (part.length < rest.length || ghost.over) return part;
    return /^[\s\S]*\S[ \t]/.exec(rest)?.[0] ?? ""; // its last word may not be whole yet
  }

  private seamAfter(text: string, ghost: Ghost): string {
    const pos = this.place(ghost.id)?.pos ?? -1;
    const block = pos < 0 ? null : this.editor?.state.doc.resolve(pos).parent;
    return block?.type.spec.code ? "" : seamAfter(text, ghost.anchor);
  }

  dismiss(id: string): void {
    const drawn = this.drawn.get(id);
    if (!drawn) return;
    const consumed = drawn.ghost.text.slice(0, this.place(id)?.consumed ?? 0);
    this.remove(id);
    this.events.dismissed(drawn.ghost, consumed);
  }

  private takeAtCaret(amount: Amount): boolean {
    const ghost = this.active();
    if (!ghost || !this.isAtCaret(ghost.id)) return false;
    // A ghost without words yet keeps Tab from leaving the text by surprise.
    return this.want(ghost.id, amount) || amount === "all";
  }

  private dismissActive(): boolean {
    const ghost = this.active();
    if (!ghost || !(ghost.mine || this.isAtCaret(ghost.id))) return false;
    this.dismiss(ghost.id);
    return true;
  }

  private placed(): readonly Placed[] {
    return (this.editor && ghostKey.getState(this.editor.state)?.placed) ?? [];
  }

  private place(id: string): Placed | undefined {
    return this.placed().find((place) => place.id === id);
  }

  private dispatch(meta: GhostMeta): void {
    const view = this.editor?.view;
    if (!view || view.isDestroyed) return;
    view.dispatch(view.state.tr.setMeta(ghostKey, meta).setMeta("addToHistory", false));
  }

  private flush(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    for (const id of this.waiting) {
      if (this.place(id)?.waits && !this.twice?.isTwice(id)) this.dispatch({ look: id });
      this.render(id);
      const drawn = this.drawn.get(id);
      const wanted = drawn?.ghost.wanted;
      if (wanted && !this.editor?.view.composing) this.take(id, wanted);
      if (drawn?.ghost.mine) this.view.keep(drawn.element);
    }
    this.waiting.clear();
    this.events.changed();
  }

  private render(id: string): void {
    const drawn = this.drawn.get(id);
    if (!drawn) return;
    const rest = this.rest(id);
    redraw(drawn, rest, drawn.ghost.over ? "" : this.seamAfter(rest, drawn.ghost));
  }

  private finishIfTaken(id: string): void {
    const drawn = this.drawn.get(id);
    if (!drawn?.ghost.over || drawn.ghost.text === "" || this.rest(id).trim() !== "") return;
    this.remove(id);
    this.events.taken(drawn.ghost);
  }

  private plugin(): Plugin<GhostState> {
    return new Plugin<GhostState>({
      key: ghostKey,
      state: {
        init: () => ({ placed: [], lost: [], decorations: DecorationSet.empty }),
        apply: (tr, value, _before, state) => this.apply(tr, value, state),
      },
      props: { decorations: (state) => ghostKey.getState(state)?.decorations },
      view: () => ({
        update: (view, before) => {
          const now = ghostKey.getState(view.state);
          if (!now || now === ghostKey.getState(before)) return;
          for (const place of now.placed) {
            this.render(place.id);
            if (place.waits) this.waitForOthers(place.id);
          }
          if (now.lost.length > 0 || now.placed.length > 0) queueMicrotask(() => this.settle(now));
          else this.events.changed();
        },
      }),
    });
  }

  /** They may be gone. */
  private waitForOthers(id: string): void {
    if (this.waitingForOthers.has(id)) return;
    const timer = setTimeout(() => {
      this.waitingForOthers.delete(id);
      if (this.place(id)?.waits) this.dismiss(id);
    }, TAKEN_TWICE_MS);
    this.waitingForOthers.set(id, timer);
  }

  /** After the view is up to date: tell of what was dismissed or taken. */
  private settle(state: GhostState): void {
    for (const place of state.lost) {
      const drawn = this.drawn.get(place.id);
      if (!drawn) continue;
      this.drawn.delete(place.id);
      this.events.dismissed(drawn.ghost, drawn.ghost.text.slice(0, place.consumed));
    }
    for (const place of state.placed) this.finishIfTaken(place.id);
    this.events.changed();
  }

  private apply(tr: Transaction, value: GhostState, state: EditorState): GhostState {
    const meta = tr.getMeta(ghostKey) as GhostMeta | undefined;
    let placed = value.placed;
    if (meta && "remove" in meta) placed = placed.filter((place) => place.id !== meta.remove);
    if (meta && "add" in meta)
      placed = [...placed, { id: meta.add, left: -1, right: -1, pos: -1, consumed: 0 }];
    const moved = tr.docChanged || tr.selectionSet || meta !== undefined;
    if (!moved || (placed.length === 0 && value.placed.length === 0)) {
      return value.lost.length > 0 ? { ...value, lost: [] } : value;
    }
    const lost: Placed[] = [];
    const context: FollowContext = {
      tr,
      state,
      resolver: null,
      took: meta && "take" in meta ? meta.take : null,
      isTwice: (id) => this.twice?.isTwice(id) ?? false,
    };
    placed = placed.flatMap((place) => {
      const ghost = this.get(place.id);
      const next = ghost ? follow(ghost, place, context) : null;
      if (!next && ghost) lost.push(place);
      return next ? [next] : [];
    });
    return { placed, lost, decorations: this.decorations(state, placed) };
  }

  private decorations(state: EditorState, placed: readonly Placed[]): DecorationSet {
    const widgets = placed.flatMap(({ id, pos }) => {
      const element = this.drawn.get(id)?.element;
      if (pos < 0 || !element) return [];
      // Behind remote carets (side 10): the words come after where their owner writes.
      return [
        Decoration.widget(pos, () => element, {
          side: 20,
          key: `ghost:${id}`,
          ignoreSelection: true,
          marks: [],
        }),
      ];
    });
    return widgets.length > 0 ? DecorationSet.create(state.doc, widgets) : DecorationSet.empty;
  }
}
