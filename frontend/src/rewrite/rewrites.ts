/**
 * Rewrites of a selection: the assistant's version streams in beside the old words, as decorations, until the person
 * who asked keeps it, a part of it, or nothing. What others write inside meanwhile is never overwritten.
 */
import type { Editor, Extension } from "@tiptap/core";
import { Fragment, type Node } from "@tiptap/pm/model";
import { Decoration } from "@tiptap/pm/view";
import { uuidv4 } from "lib0/random";
import type { Assistant } from "../assistant/assistant";
import { type Failure, type Generation, isOver } from "../assistant/generations";
import type { GenerationInput } from "../assistant/messages";
import { type Passage, passageOf } from "../assistant/passage";
import { type Change, changesBetween } from "../assistant/replacement";
import { dispatchAsOneStep } from "../assistant/undo-step";
import { createRelative, decodeRelative, encodeRelative, Resolver } from "../collaboration/anchors";
import { type Tracked, TrackedRanges } from "../collaboration/tracked-ranges";
import { announce, notify } from "../editor/announce";
import { REWRITE_DRAW_MS } from "../editor/limits";
import { insertingBelow, pieces, type Result, replacing, replacingPart, type Target } from "./apply";
import { type Form, type Selected, selectedText } from "./selected";

export const REWRITE_ACTIONS = [
  "rewrite",
  "shorten",
  "expand",
  "simplify",
  "tone",
  "translate",
  "summarize",
  "custom",
] as const;
export type RewriteAction = (typeof REWRITE_ACTIONS)[number];

export interface Wish {
  action: RewriteAction;
  input: Pick<GenerationInput, "instruction" | "tone" | "strength" | "language">;
  /** For people: "Shorten", "Translate into Danish". */
  label: string;
}

export interface Attempt {
  id: string;
  text: string;
  state: "running" | "done" | "failed" | "stopped";
  failure: Failure | null;
  demo: boolean;
  /** What the words of the attempt are, made of `text`. */
  result: Result | null;
}

/** A rewrite that waits for a decision. */
export interface Session {
  id: string;
  wish: Wish;
  selected: Selected;
  attempts: Attempt[];
  shown: number;
  /** Asked for by the person at this browser. */
  own: boolean;
  who: { name: string; color: string };
}

export interface RewriteEvents {
  /** The own session that is open, or null; and whether its place still reads as it did. */
  changed(session: Session | null, intact: boolean): void;
}

export class Rewrites {
  readonly ranges: TrackedRanges<Session>;
  private editor: Editor | null = null;
  private readonly sessions = new Map<string, Session>();
  /** Session by generation. */
  private readonly of = new Map<string, string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private toMarkdown: ((markdown: string) => Fragment) | null = null;

  constructor(
    private readonly assistant: Assistant,
    private readonly events: RewriteEvents,
  ) {
    this.ranges = new TrackedRanges<Session>({
      name: "rewrites",
      exact: true,
      draw: (item, doc) => this.draw(item, doc),
      changed: () => this.tell(),
    });
    assistant.follow((known, before) => this.follow(known, before));
  }

  extension(): Extension {
    return this.ranges.extension();
  }

  attach(editor: Editor): void {
    this.editor = editor;
  }

  /** The one that this person has to decide about. */
  get open(): Session | null {
    return [...this.sessions.values()].find(({ own }) => own) ?? null;
  }

  /** Have the selection rewritten. */
  async ask(wish: Wish, range?: { from: number; to: number }): Promise<void> {
    const { editor } = this;
    if (!editor) return;
    if (!editor.isEditable) return notify("Your role here does not let you ask the assistant.");
    if (this.open) return notify("Keep or discard the open rewrite first.");
    if (!this.assistant.isReachable)
      return notify(
        "The assistant cannot be reached. Your text is untouched. Try again when the connection is back.",
      );
    const { from, to } = range ?? editor.state.selection;
    const doc = editor.state.doc;
    const selected = await selectedText(editor, from, to);
    if (typeof selected === "string") return notify(selected);
    if (selected.text.trim() === "") return notify("Select some text first.");
    if (editor.state.doc !== doc && !editor.state.doc.eq(doc)) return notify("The text changed. Try again.");
    await this.prepare(selected.form);
    const id = uuidv4();
    const { name, color } = this.assistant.config.user;
    const session: Session = { id, wish, selected, attempts: [], shown: 0, own: true, who: { name, color } };
    this.sessions.set(id, session);
    this.ranges.add([{ id, from: selected.from, to: selected.to, data: session }]);
    this.attempt(session);
    announce(`${wish.label}: the assistant is writing.`);
  }

  /** Another version of the same. */
  again(): void {
    const session = this.open;
    if (!session) return;
    this.attempt(session);
    announce("Another try.");
  }

  /** Show another try: -1 the one before, 1 the one after. */
  browse(step: 1 | -1): void {
    const session = this.open;
    if (!session) return;
    this.show(session.shown + step);
  }

  show(index: number): void {
    const session = this.open;
    if (!session?.attempts[index]) return;
    session.shown = index;
    this.redraw();
    announce(`Try ${index + 1} of ${session.attempts.length}: ${wordsOf(session.attempts[index])}`);
  }

  stop(): void {
    const attempt = this.current();
    if (attempt) this.assistant.cancel(attempt.id);
  }

  /** Put what is shown into the place of what was selected. */
  keep(): boolean {
    const { editor, open } = this;
    const attempt = this.current();
    const place = open && this.ranges.get(open.id);
    if (!editor?.isEditable || !open || !attempt?.result) return false;
    if (!place?.intact) {
      notify("The text changed meanwhile, so nothing was replaced. You can insert the new version below.");
      return false;
    }
    const target: Target = { from: place.from, to: place.to, inline: open.selected.inline };
    const tr = replacing(editor.state, target, attempt.result, attempt.id);
    if (!tr) {
      notify("The new version does not fit in this place. You can insert it below.");
      return false;
    }
    this.ranges.removeWith(tr, [open.id]);
    dispatchAsOneStep(editor.view, tr);
    this.finish(open, attempt, { decision: "accepted" });
    announce("Kept.");
    return true;
  }

  /** The old words, which the changes are counted in. */
  words(): string {
    const place = this.open && this.ranges.get(this.open.id);
    return this.editor && place ? passageOf(this.editor.state.doc, place.from, place.to).text : "";
  }

  /** Every single change of what is shown, to choose from. */
  changes(): Change[] {
    const { editor, open } = this;
    const attempt = this.current();
    const place = open && this.ranges.get(open.id);
    if (!editor || !place?.intact || !attempt) return [];
    return changesBetween(passageOf(editor.state.doc, place.from, place.to).text, wordsOf(attempt));
  }

  /** Put some changes into the text, and leave the rest as it was. */
  keepPart(chosen: readonly Change[]): boolean {
    const { editor, open } = this;
    const attempt = this.current();
    const place = open && this.ranges.get(open.id);
    if (!editor?.isEditable || !open || !attempt || !place?.intact || chosen.length === 0) return false;
    const target: Target = { from: place.from, to: place.to, inline: open.selected.inline };
    const tr = replacingPart(editor.state, target, chosen, attempt.id);
    const words = passageOf(tr.doc, target.from, tr.mapping.map(target.to)).text;
    this.ranges.removeWith(tr, [open.id]);
    dispatchAsOneStep(editor.view, tr);
    this.finish(open, attempt, { decision: "edited", final_text: words });
    announce(`${chosen.length} changes kept.`);
    return true;
  }

  /** Put the new version below the old one. */
  insertBelow(): boolean {
    const { editor, open } = this;
    const attempt = this.current();
    if (!editor?.isEditable || !open || !attempt?.result) return false;
    const place = this.ranges.get(open.id);
    const pos = place && place.to >= 0 ? place.to : editor.state.selection.to;
    const tr = insertingBelow(editor.state, pos, attempt.result, attempt.id);
    this.ranges.removeWith(tr, [open.id]);
    dispatchAsOneStep(editor.view, tr);
    this.finish(open, attempt, { decision: "accepted" });
    announce("Inserted below.");
    return true;
  }

  discard(): void {
    const { open } = this;
    if (!open) return;
    this.ranges.remove([open.id]);
    this.finish(open, null, { decision: "rejected" });
    announce("Discarded. Your text is as it was.");
  }

  /** Whether there is a result that can be kept or inserted now. */
  current(): Attempt | null {
    const { open } = this;
    return open?.attempts[open.shown] ?? null;
  }

  // ------------------------------------------------------------ asking and following

  private attempt(session: Session): void {
    const { editor } = this;
    const { selected, wish } = session;
    const place = this.ranges.get(session.id);
    if (!editor || !place) return;
    const start = createRelative(editor.state, Math.max(0, place.from), 0);
    const end = createRelative(editor.state, Math.max(0, place.to), -1);
    const id = this.assistant.start({
      action: wish.action,
      input: {
        selection: selected.text,
        text_before: selected.before,
        text_after: selected.after,
        ...wish.input,
      },
      anchor: {
        start: start && encodeRelative(start),
        end: end && encodeRelative(end),
        inline: selected.inline,
        form: selected.form,
        label: wish.label.slice(0, 80),
      },
    });
    this.of.set(id, session.id);
    session.attempts.push({ id, text: "", state: "running", failure: null, demo: false, result: null });
    session.shown = session.attempts.length - 1;
    this.redraw();
  }

  private follow(known: Generation, before: Generation | undefined): void {
    if (!(REWRITE_ACTIONS as readonly string[]).includes(known.action)) return;
    const session = this.sessionOf(known, before);
    if (!session) return;
    if (!session.own && (known.decision || known.state === "cancelled")) {
      this.close(session);
      return;
    }
    const attempt = session.attempts.find(({ id }) => id === known.id);
    if (!attempt) return;
    attempt.text = known.text;
    attempt.demo = known.demo;
    attempt.failure = known.failure;
    const states = { asked: "running", streaming: "running", cancelled: "stopped" } as const;
    const { state } = known;
    attempt.state = state in states ? states[state as keyof typeof states] : (state as "done" | "failed");
    if (isOver(known)) {
      this.ended(session, attempt);
      this.redraw();
    } else this.redrawSoon();
  }

  private ended(session: Session, attempt: Attempt): void {
    this.read(session, attempt);
    if (!session.own) return;
    const words = wordsOf(attempt);
    if (attempt.state === "failed") announce(`${session.wish.label}: the assistant could not finish.`);
    else if (words)
      announce(`${session.wish.label}: ${words} Keep it or discard it in the bar below the text.`);
  }

  /** Somebody else's rewrite is shown too, from its first event on. */
  private sessionOf(known: Generation, before: Generation | undefined): Session | null {
    const id = this.of.get(known.id);
    if (id) return this.sessions.get(id) ?? null;
    const { editor } = this;
    const isNew = known.state === "streaming" && (!before || before.seq === 0);
    const own = known.user?.id === this.assistant.config.user.id;
    const wire = (known.anchor ?? {}) as Record<string, unknown>;
    if (!editor || !isNew || own || !known.user || typeof wire.start !== "string") return null;
    const place = resolveRange(new Resolver(editor.state), wire);
    if (!place) return null;
    const session: Session = {
      id: known.id,
      wish: { action: known.action as RewriteAction, input: {}, label: String(wire.label ?? "Rewrite") },
      selected: {
        ...place,
        inline: wire.inline === true,
        form: wire.form === "markdown" ? "markdown" : "plain",
        text: "",
        before: "",
        after: "",
      },
      attempts: [{ id: known.id, text: "", state: "running", failure: null, demo: known.demo, result: null }],
      shown: 0,
      own: false,
      who: known.user,
    };
    this.sessions.set(session.id, session);
    this.of.set(known.id, session.id);
    this.prepare(session.selected.form);
    this.ranges.add([{ id: session.id, ...place, data: session }]);
    announce(`${known.user.name}: ${session.wish.label}.`);
    return session;
  }

  private async prepare(form: Form): Promise<void> {
    const { editor } = this;
    if (form === "plain" || this.toMarkdown || !editor) return;
    const { markdownNodes } = await import("../editor/markdown");
    this.toMarkdown = (markdown) => (editor.isDestroyed ? Fragment.empty : markdownNodes(editor, markdown));
  }

  /** Make of the text so far what it would be in the document. */
  private read(session: Session, attempt: Attempt): void {
    const text = attempt.text.trim();
    if (text === "") {
      attempt.result = null;
      return;
    }
    const severalBlocks = /\n\s*\n/.test(text);
    if (session.selected.form === "plain" && !severalBlocks) attempt.result = { words: text };
    else if (this.toMarkdown) attempt.result = { blocks: this.toMarkdown(text) };
    else {
      // Several paragraphs for plain words: Markdown is needed after all.
      this.prepare("markdown").then(() => {
        if (!this.toMarkdown) return;
        this.read(session, attempt);
        this.redraw();
      });
      attempt.result = { words: text };
    }
  }

  private finish(
    session: Session,
    kept: Attempt | null,
    decision: { decision: "accepted" | "edited" | "rejected"; final_text?: string },
  ): void {
    for (const attempt of session.attempts) {
      if (attempt === kept) this.assistant.decide({ id: attempt.id, ...decision });
      else this.assistant.decide({ id: attempt.id, decision: "rejected" });
      this.assistant.cancel(attempt.id);
    }
    this.close(session);
    this.editor?.commands.focus();
  }

  private close(session: Session): void {
    this.sessions.delete(session.id);
    this.ranges.remove([session.id]);
    this.tell();
  }

  // ------------------------------------------------------------ looks

  private redrawSoon(): void {
    this.timer ??= setTimeout(() => this.redraw(), REWRITE_DRAW_MS);
  }

  private redraw(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const session of this.sessions.values()) {
      const attempt = session.attempts[session.shown];
      if (attempt) this.read(session, attempt);
    }
    this.ranges.redraw();
  }

  private tell(): void {
    const { open } = this;
    this.events.changed(open, open ? (this.ranges.get(open.id)?.intact ?? false) : false);
  }

  private draw({ from, to, data }: Tracked<Session>, doc: Node): Decoration[] {
    const attempt = data.attempts[data.shown];
    if (!attempt) return [];
    const passage = passageOf(doc, from, to);
    const marks = pieces(passage, 0, passage.text.length).map((piece) =>
      Decoration.inline(piece.from, piece.to, { class: "rewrite-range" }),
    );
    if (!attempt.result) return [...marks, waiting(to, data, attempt)];
    const changes = changesBetween(passage.text, wordsOf(attempt));
    const running = attempt.state === "running";
    return [...marks, ...changes.flatMap((change) => drawChange(passage, change, running, data))];
  }
}

/** The words of an attempt as they would stand in the text, blocks apart by one LF. */
export function wordsOf({ result }: Attempt): string {
  if (!result) return "";
  if ("words" in result) return result.words;
  const { blocks } = result;
  const holder = blocks.firstChild?.type.schema.topNodeType.create(null, blocks);
  return holder ? passageOf(holder).text : "";
}

function drawChange(passage: Passage, change: Change, running: boolean, session: Session): Decoration[] {
  // What comes behind the last words so far is not struck out: its turn has not come.
  const pending = running && change.end === passage.text.length;
  const gone = pending ? [] : pieces(passage, change.start, change.end);
  const struck = gone.map(({ from, to }) => Decoration.inline(from, to, { class: "suggestion-old" }));
  const segment = passage.segments.findLast(({ offset }) => offset <= (pending ? change.start : change.end));
  if (change.words === "" || !segment) return struck;
  const offset = (pending ? change.start : change.end) - segment.offset;
  const pos = segment.pos + Math.min(segment.length, offset);
  return [
    ...struck,
    Decoration.widget(pos, () => inserted(change.words, session), {
      side: 5,
      key: `rewrite:${session.id}:${change.start}:${change.words}`,
      ignoreSelection: true,
      marks: [],
    }),
  ];
}

function inserted(words: string, session: Session): HTMLElement {
  const element = document.createElement("ins");
  element.className = "suggestion-new rewrite-new";
  element.setAttribute("aria-hidden", "true");
  element.contentEditable = "false";
  element.textContent = words;
  if (!session.own) element.title = `${session.who.name}: ${session.wish.label}`;
  return element;
}

function waiting(pos: number, session: Session, attempt: Attempt): Decoration {
  const running = attempt.state === "running";
  return Decoration.widget(
    pos,
    () => {
      const element = document.createElement("span");
      element.className = running ? "ghost ghost-wait" : "ghost";
      element.setAttribute("aria-hidden", "true");
      return element;
    },
    { side: 5, key: `rewrite-wait:${session.id}:${running}`, ignoreSelection: true, marks: [] },
  );
}

function resolveRange(
  resolver: Resolver,
  wire: Record<string, unknown>,
): { from: number; to: number } | null {
  try {
    const from = resolver.position(decodeRelative(String(wire.start)));
    const to = resolver.position(decodeRelative(String(wire.end)));
    return typeof from === "number" && typeof to === "number" && from < to ? { from, to } : null;
  } catch {
    return null;
  }
}
