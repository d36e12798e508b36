/**
 * Suggestions: what the assistant would word differently, as tracked changes that are not part of the document until
 * somebody accepts them. Everybody in the document sees and decides the same ones.
 */
import { type Editor, Extension } from "@tiptap/core";
import type { Assistant } from "../assistant/assistant";
import { type Generation, isOver } from "../assistant/generations";
import type { Edit } from "../assistant/messages";
import { isSmallerOffered } from "../assistant/offer";
import { decodePassage, locateStretch, type PassageAnchor, passageOf } from "../assistant/passage";
import { replaceWords } from "../assistant/replacement";
import { TakenTwice } from "../assistant/taken-twice";
import { dispatchAsOneStep } from "../assistant/undo-step";
import { failureSentence } from "../assistant/words";
import { Resolver } from "../collaboration/anchors";
import { type Tracked, TrackedRanges } from "../collaboration/tracked-ranges";
import { call } from "../documents/api";
import { announce, notify } from "../editor/announce";
import { SUGGESTIONS_RECALLED, SUGGESTIONS_RETRY_MS, SUGGESTIONS_ROOM_SECONDS } from "../editor/limits";
import { aspectLabel } from "./aspects";
import { type Asked, Requests } from "./requests";
import { countWords, drawSuggestion, type Run, type Suggestion, spoken, type Verdict } from "./suggestion";

interface Kept {
  anchor: PassageAnchor | null;
  aspect: string;
  /** Edits that stand in the text, or have stood there. */
  placed: Set<string>;
  /** Edits that say what another open suggestion says already: nobody needs to decide twice. */
  doubles: Set<string>;
  /** What was asked here, to ask it again. */
  asked: Asked | null;
}

export interface SuggestionEvents {
  /** Something about runs or suggestions changed: draw them again. */
  changed(): void;
  /** Somebody clicked on a suggestion in the text, or pressed Alt + Enter in it. */
  chosen(id: string): void;
}

export class Suggestions {
  readonly ranges: TrackedRanges<Suggestion>;
  private editor: Editor | null = null;
  private twice: TakenTwice | null = null;
  private readonly kept = new Map<string, Kept>();
  private readonly requests: Requests;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private shown: string | null = null;

  constructor(
    readonly assistant: Assistant,
    private readonly events: SuggestionEvents,
  ) {
    this.ranges = new TrackedRanges<Suggestion>({
      name: "suggestions",
      draw: (item) => drawSuggestion(item, item.id === this.shown),
      changed: () => this.events.changed(),
    });
    this.requests = new Requests(
      assistant,
      () => this.editor,
      (id, asked, anchor) =>
        this.kept.set(id, { anchor, aspect: asked.aspect, placed: new Set(), doubles: new Set(), asked }),
    );
    assistant.follow((known, before) => this.follow(known, before));
    assistant.onHello(() => this.recall());
  }

  extensions(): Extension[] {
    const suggestions = this;
    return [
      this.ranges.extension(),
      Extension.create({
        name: "suggestionKeys",
        priority: 900,
        addKeyboardShortcuts() {
          return {
            "Alt-Enter": () => suggestions.choose(this.editor.state.selection.head),
            "Alt-Shift-s": () => suggestions.go(1),
          };
        },
      }),
    ];
  }

  attach(editor: Editor): void {
    this.editor = editor;
    this.twice = new TakenTwice(editor);
    editor.view.dom.addEventListener("click", (event) => {
      const target =
        event.target instanceof Element && event.target.closest<HTMLElement>("[data-suggestion]");
      if (target && editor.state.selection.empty) this.events.chosen(target.dataset.suggestion ?? "");
    });
    editor.on("update", () => this.retrySoon());
  }

  /** Look through a stretch of the text, or all of it, from each of these sides. */
  ask(aspects: readonly string[], range?: { from: number; to: number }, smaller = false): void {
    const { editor } = this;
    if (!editor) return;
    if (!this.assistant.isReachable) {
      notify(
        "The assistant cannot be reached. Your text is untouched. Try again when the connection is back.",
      );
      return;
    }
    const { from, to } = range ?? { from: 0, to: editor.state.doc.content.size };
    if (passageOf(editor.state.doc, from, to).text.trim() === "") {
      notify("There is no text to look through yet.");
      return;
    }
    this.requests.waiting.push(...aspects.map((aspect) => ({ aspect, from, to, smaller })));
    this.requests.pump();
    announce(`The assistant is looking through the text: ${aspects.map(aspectLabel).join(", ")}.`);
    this.events.changed();
  }

  /** The runs to tell of, newest last: those that go on, failed, or still have something open. */
  runs(): Run[] {
    const own = this.assistant.config.user.id;
    const known = [...this.kept.keys()].flatMap((id) => {
      const generation = this.assistant.get(id);
      return generation ? [this.run(generation, own)] : [];
    });
    const waiting = this.requests.waiting.map(({ aspect }, index) => ({
      id: `waiting:${index}`,
      aspect,
      author: null,
      own: true,
      state: "waiting" as const,
      failure: null,
      found: 0,
    }));
    return [...known, ...waiting];
  }

  /** Every suggestion, in the order of the text; those without a place last. */
  list(): Suggestion[] {
    const tracked = new Map(this.ranges.all().map((item) => [item.id, item]));
    const all = [...this.kept].flatMap(([id, { doubles }]) => {
      const generation = this.assistant.get(id);
      const edits = generation?.edits.filter(({ edit_id }) => !doubles.has(edit_id)) ?? [];
      return generation ? edits.map((edit) => this.suggestion(generation, edit, tracked)) : [];
    });
    const at = ({ place }: Suggestion) => place?.from ?? Number.MAX_SAFE_INTEGER;
    return all.toSorted((one, other) => at(one) - at(other));
  }

  /** Put a suggestion into the text, or other words in its place. */
  accept(id: string, words?: string): boolean {
    const item = this.ranges.get(id);
    if (!item?.intact) {
      notify("The text changed since this was suggested, so it was not put in.");
      return false;
    }
    return this.write([item], words);
  }

  /** Accept every open suggestion of an aspect: one transaction, one undo step. Return how many there were. */
  acceptAll(aspect: string): number {
    const open = this.ranges
      .all()
      .filter(({ intact, data }) => intact && data.aspect === aspect)
      .toSorted((one, other) => one.from - other.from);
    let end = -1;
    const apart = open.filter(({ from, to }) => {
      if (from < end) return false;
      end = to;
      return true;
    });
    if (apart.length > 0 && this.write(apart)) return apart.length;
    return 0;
  }

  reject(id: string): void {
    const suggestion = this.list().find((one) => one.id === id);
    if (!suggestion) return;
    this.ranges.remove([id]);
    this.decide(suggestion, "rejected");
  }

  /** Give up a suggestion for an older text and look through its paragraph anew. */
  again(id: string): void {
    const suggestion = this.list().find((one) => one.id === id);
    const { editor } = this;
    if (!suggestion || !editor) return;
    const { doc } = editor.state;
    const $pos = doc.resolve(Math.min(suggestion.place?.from ?? 0, doc.content.size));
    this.reject(id);
    if (suggestion.place && $pos.depth > 0)
      this.ask([suggestion.aspect], { from: $pos.start($pos.depth), to: $pos.end($pos.depth) });
    else this.ask([suggestion.aspect]);
  }

  /** Ask once more for what failed or was stopped. */
  retryRun(id: string, smaller = false): void {
    const kept = this.kept.get(id);
    if (!kept) return;
    this.forgetRun(id);
    const { from, to } = kept.asked ?? { from: 0, to: 0 };
    const size = this.editor?.state.doc.content.size ?? 0;
    const range = kept.asked ? { from: Math.min(from, size), to: Math.min(to, size) } : undefined;
    this.ask([kept.aspect], range, smaller);
  }

  /** Ask the smaller model for all for which there were not enough tokens. */
  takeOffer(): void {
    for (const { id, own, failure } of this.runs())
      if (own && isSmallerOffered(failure)) this.retryRun(id, true);
  }

  stopRun(id: string): void {
    if (id.startsWith("waiting:")) this.requests.waiting.splice(Number(id.slice(8)), 1);
    else this.assistant.cancel(id);
    this.events.changed();
  }

  /** A run without anything open is of no more interest. */
  forgetRun(id: string): void {
    const found = this.assistant.get(id)?.edits.length ?? 0;
    if (found === 0) this.kept.delete(id);
    this.events.changed();
  }

  /** Show a suggestion where it stands in the text; null shows none. */
  show(id: string | null): void {
    if (this.shown === id) return;
    this.shown = id;
    this.ranges.redraw();
    const item = id ? this.ranges.get(id) : undefined;
    if (!item?.intact || !this.editor) return;
    const { node } = this.editor.view.domAtPos(item.from);
    const element = node instanceof Element ? node : node.parentElement;
    element?.scrollIntoView({ block: "nearest" });
  }

  private choose(pos: number): boolean {
    const [item] = this.ranges.at(pos);
    if (item) this.events.chosen(item.id);
    return Boolean(item);
  }

  /** Put the caret at the next suggestion after it, around the end. */
  private go(_step: 1): boolean {
    const { editor } = this;
    if (!editor) return false;
    const open = this.list().filter(({ verdict, place }) => verdict === "open" && place);
    const head = editor.state.selection.head;
    const next = open.find(({ place }) => place && place.from > head) ?? open[0];
    if (!next?.place) {
      announce("There is no open suggestion.");
      return true;
    }
    editor.chain().setTextSelection(next.place.from).scrollIntoView().run();
    announce(`${spoken(next)} Alt + Enter goes to its card.`);
    return true;
  }

  // ------------------------------------------------------------ following

  private follow(known: Generation, before: Generation | undefined): void {
    if (known.action !== "suggest") return;
    if (known.withdrawn) {
      this.withdraw(known, before);
      return;
    }
    const kept = this.keep(known);
    const fresh = known.edits.slice(before?.edits.length ?? 0);
    if (fresh.length > 0) this.place(known, kept, fresh);
    const isFirst = fresh.length > 0 && !before?.edits.length && known.state === "streaming";
    if (isFirst && known.user?.id === this.assistant.config.user.id)
      announce(`${aspectLabel(kept.aspect)}: the first suggestion is there.`);
    if (known.decided !== before?.decided) this.takeDecided(known);
    if (isOver(known) && !(before && isOver(before))) this.ended(known, kept);
    this.events.changed();
  }

  /** A reviewer removed what was found: its marks and cards go. */
  private withdraw(known: Generation, before: Generation | undefined): void {
    this.ranges.remove((before?.edits ?? []).map((edit) => `${known.id}:${edit.edit_id}`));
    this.kept.delete(known.id);
    this.events.changed();
  }

  private keep(known: Generation): Kept {
    let kept = this.kept.get(known.id);
    if (!kept) {
      const wire = (known.anchor ?? {}) as { aspect?: unknown; points?: unknown };
      kept = {
        anchor: decodePassage(wire.points),
        aspect: String(wire.aspect ?? "").slice(0, 100),
        placed: new Set(),
        doubles: new Set(),
        asked: null,
      };
      this.kept.set(known.id, kept);
    }
    return kept;
  }

  private ended(known: Generation, kept: Kept): void {
    if (known.failure?.code === "concurrency_limited" && kept.asked) {
      this.kept.delete(known.id);
      this.requests.waitAgain(kept.asked, known.failure.retryAfter ?? SUGGESTIONS_ROOM_SECONDS);
      return;
    }
    this.requests.pump();
    const own = known.user?.id === this.assistant.config.user.id;
    const label = aspectLabel(kept.aspect);
    if (known.state === "cancelled" && known.edits.length === 0) this.kept.delete(known.id);
    if (!own || known.state === "cancelled") return;
    if (known.failure)
      announce(
        `${label}: ${failureSentence(known.failure, known.edits.length > 0, "What was found stays.")}`,
      );
    else announce(`${label}: ${countWords(known.edits.length)}.`);
  }

  /** Look for the words of edits in today's text, and follow those that are there. */
  private place(known: Generation, kept: Kept, edits: readonly Edit[]): void {
    const { editor } = this;
    if (!editor || !kept.anchor) return;
    const resolver = new Resolver(editor.state);
    const found = [];
    for (const edit of edits) {
      if (kept.placed.has(edit.edit_id) || known.decided.has(edit.edit_id)) continue;
      const place = locateStretch(resolver, kept.anchor, edit);
      if (!place) continue;
      kept.placed.add(edit.edit_id);
      if (this.isSaid(place, edit.replacement)) {
        kept.doubles.add(edit.edit_id);
        continue;
      }
      const data = this.suggestion(known, edit, new Map());
      found.push({ id: data.id, ...place, data });
    }
    this.ranges.add(found);
  }

  private isSaid({ from, to }: { from: number; to: number }, replacement: string): boolean {
    return this.ranges
      .all()
      .some(
        (one) => one.intact && one.from === from && one.to === to && one.data.replacement === replacement,
      );
  }

  /** Somebody's words may still be on their way here, or come back by undo. */
  private retrySoon(): void {
    if (this.retry !== undefined) return;
    this.retry = setTimeout(() => {
      this.retry = undefined;
      for (const [id, kept] of this.kept) {
        const known = this.assistant.get(id);
        const missing = known?.edits.filter(({ edit_id }) => !kept.placed.has(edit_id)) ?? [];
        if (known && missing.length > 0) this.place(known, kept, missing);
      }
    }, SUGGESTIONS_RETRY_MS);
  }

  private takeDecided(known: Generation): void {
    this.ranges.remove([...known.decided.keys()].map((edit) => `${known.id}:${edit}`));
  }

  /** What was suggested before this page was opened and is still open. */
  private async recall(): Promise<void> {
    const path = `/api/v1/documents/${this.assistant.config.document.id}/generations/`;
    const query = `?action=suggest&page_size=${SUGGESTIONS_RECALLED}`;
    const page = await call<{ items: { id: string; action: string; state: string }[] }>(
      "GET",
      path + query,
    ).catch(() => null); // the next `hello` tries again
    const ids = page?.items.filter(({ action, state }) => action === "suggest" && state !== "queued");
    this.assistant.recall(ids?.map(({ id }) => id) ?? []);
  }

  // ------------------------------------------------------------ deciding

  private write(items: readonly Tracked<Suggestion>[], words?: string): boolean {
    const { editor } = this;
    if (!editor?.isEditable) {
      notify("Your role here does not let you change the text.");
      return false;
    }
    const { tr } = editor.state;
    for (const { from, to, data } of items.toReversed()) {
      replaceWords(tr, { from, to, words: words ?? data.replacement, id: data.generation });
    }
    this.ranges.removeWith(
      tr,
      items.map(({ id }) => id),
    );
    const isOwn = words !== undefined && words !== items[0]?.data.replacement;
    this.twice?.take({ of: items.map(({ id }) => id), from: 0, to: 1, ...(isOwn ? { own: true } : {}) }, () =>
      dispatchAsOneStep(editor.view, tr),
    );
    for (const { data } of items) {
      const edited = words !== undefined && words !== data.replacement;
      this.decide(data, edited ? "edited" : "accepted", edited ? words : undefined);
    }
    announce(items.length === 1 ? "Suggestion accepted." : `${items.length} suggestions accepted.`);
    return true;
  }

  private decide(
    { generation, editId }: Suggestion,
    decision: "accepted" | "edited" | "rejected",
    words?: string,
  ): void {
    this.decidedHere.set(`${generation}:${editId}`, decision);
    this.assistant.decide({
      id: generation,
      edit_id: editId,
      decision,
      ...(words === undefined ? {} : { final_text: words }),
    });
    this.events.changed();
  }

  /** Decided here, until the server has told everybody. */
  private readonly decidedHere = new Map<string, Verdict>();

  // ------------------------------------------------------------ looks

  private suggestion(
    generation: Generation,
    edit: Edit,
    tracked: ReadonlyMap<string, Tracked<Suggestion>>,
  ): Suggestion {
    const id = `${generation.id}:${edit.edit_id}`;
    const decided = generation.decided.get(edit.edit_id);
    const item = tracked.get(id);
    const verdict =
      decided?.decision ??
      this.decidedHere.get(id) ??
      (item && !item.intact ? "stale" : item ? "open" : "stale");
    return {
      id,
      generation: generation.id,
      editId: edit.edit_id,
      aspect: this.kept.get(generation.id)?.aspect ?? edit.category,
      original: edit.original,
      replacement: edit.replacement,
      explanation: edit.explanation,
      author: generation.user,
      demo: generation.demo,
      verdict,
      by: decided?.user ?? null,
      place: item && item.from >= 0 ? { from: item.from, to: item.to } : null,
    };
  }

  private run(known: Generation, own: string): Run {
    const states = { asked: "running", streaming: "running", cancelled: "stopped" } as const;
    return {
      id: known.id,
      aspect: this.kept.get(known.id)?.aspect ?? "",
      author: known.user,
      own: known.user?.id === own,
      state: known.state in states ? states[known.state as keyof typeof states] : (known.state as "done"),
      failure: known.failure,
      found: known.edits.length,
    };
  }
}
