/**
 * Versions of something that the assistant writes and one person decides about: tried again, browsed, kept or discarded.
 * Everybody in the document sees the version in view where it would stand.
 */
import type { Editor } from "@tiptap/core";
import { Fragment } from "@tiptap/pm/model";
import type { Transaction } from "@tiptap/pm/state";
import type { Assistant, Request } from "../assistant/assistant";
import { type Failure, type Generation, isOver } from "../assistant/generations";
import type { Citation } from "../assistant/messages";
import { isSmallerOffered, ON_SMALLER } from "../assistant/offer";
import { passageOf } from "../assistant/passage";
import { dispatchAsOneStep } from "../assistant/undo-step";
import { failureSentence } from "../assistant/words";
import type { TrackedRanges } from "../collaboration/tracked-ranges";
import { announce, notify } from "../editor/announce";
import { REWRITE_DRAW_MS } from "../editor/limits";
import { markdown } from "../editor/markdown-on-demand";
import type { Result } from "./apply";

export interface Attempt {
  id: string;
  text: string;
  state: "running" | "done" | "failed" | "stopped";
  /** What comes next is held back until it is clear what it is. */
  held: boolean;
  failure: Failure | null;
  demo: boolean;
  /** What it used beside the text. */
  sources: readonly Citation[];
  /** What it would be in the document, made of `text`. */
  result: Result | null;
}

/** Something that waits for a decision. */
export interface Session {
  id: string;
  /** For people: "Shorten", "Translate into Danish", "Outline". */
  label: string;
  /** Whether its text is Markdown even where it looks plain. */
  markdown: boolean;
  attempts: Attempt[];
  shown: number;
  /** Asked for by the person at this browser. */
  own: boolean;
  /** Whether what was asked is known here, to ask it again: not after a reload. */
  repeatable: boolean;
  /** Answered by the smaller model, since there were not enough tokens. */
  smaller?: boolean;
  who: { name: string; color: string };
}

export interface VersionsEvents<S extends Session> {
  /** The own session that is open, or null; and whether its place still reads as it did. */
  changed(session: S | null, intact: boolean): void;
}

export abstract class Versions<S extends Session> {
  abstract readonly ranges: TrackedRanges<S>;
  protected editor: Editor | null = null;
  protected readonly sessions = new Map<string, S>();
  /** Session by generation. */
  private readonly of = new Map<string, string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private toMarkdown: ((markdown: string) => Fragment) | null = null;
  /** What reads Markdown was asked for since this was begun. With every word that arrives is no time to say that it failed. */
  private isPreparing = false;

  constructor(
    protected readonly assistant: Assistant,
    private readonly actions: readonly string[],
    private readonly events: VersionsEvents<S>,
  ) {
    assistant.follow((known, before) => this.follow(known, before));
  }

  attach(editor: Editor): void {
    this.editor = editor;
  }

  /** The one that this person has to decide about. */
  get open(): S | null {
    return [...this.sessions.values()].find(({ own }) => own) ?? null;
  }

  /** The version in view. */
  current(): Attempt | null {
    const { open } = this;
    return open?.attempts[open.shown] ?? null;
  }

  /** Another version of the same; by the smaller model, where that is offered. */
  again(): void {
    const { open } = this;
    if (!open) return;
    if (isSmallerOffered(this.current()?.failure)) open.smaller = true;
    this.attempt(open);
    announce("Another try.");
  }

  /** Show another try: -1 the one before, 1 the one after. */
  browse(step: 1 | -1): void {
    const { open } = this;
    if (open) this.show(open.shown + step);
  }

  show(index: number): void {
    const { open } = this;
    const attempt = open?.attempts[index];
    if (!open || !attempt) return;
    open.shown = index;
    this.redraw();
    announce(`Try ${index + 1} of ${open.attempts.length}: ${wordsOf(attempt)}`);
  }

  stop(): void {
    const attempt = this.current();
    if (attempt) this.assistant.cancel(attempt.id);
  }

  discard(): void {
    const { open } = this;
    if (!open) return;
    this.ranges.remove([open.id]);
    this.finish(open, null, { decision: "rejected" });
    announce("Discarded. Your text is as it was.");
  }

  /** What to ask for a version; null where nothing can be asked. */
  protected abstract request(session: S): Request | null;

  /** Somebody else's generation, to be shown here too; null where it has no place. */
  protected abstract adopt(known: Generation): S | null;

  /** Whether something can be asked for now; says so when not. */
  protected mayAsk(action: string): boolean {
    const no = !this.editor?.isEditable
      ? "Your role here does not let you ask the assistant."
      : this.assistant.availability.why(action)
        ? this.assistant.availability.why(action)
        : this.open
          ? `Keep or discard “${this.open.label}” first.`
          : !this.assistant.isReachable
            ? "The assistant cannot be reached. Your text is untouched. Try again when the connection is back."
            : null;
    if (no) notify(no);
    return no === null;
  }

  protected begin(session: S): void {
    if (!session.markdown) this.isPreparing = false;
    this.sessions.set(session.id, session);
    this.attempt(session);
    announce(`${session.label}: the assistant is reading.`);
  }

  /** Write what was decided for: one undo step, told to everybody. */
  protected write(
    tr: Transaction,
    session: S,
    kept: Attempt,
    decision: { decision: "accepted" | "edited"; final_text?: string } = { decision: "accepted" },
  ): void {
    if (!this.editor) return;
    dispatchAsOneStep(this.editor.view, this.ranges.removeWith(tr, [session.id]));
    this.finish(session, kept, decision);
  }

  protected async prepareMarkdown(): Promise<void> {
    const { editor } = this;
    if (this.toMarkdown || !editor) return;
    this.isPreparing = true;
    const { markdownNodes } = await markdown.wanted();
    this.toMarkdown = (markdown) => (editor.isDestroyed ? Fragment.empty : markdownNodes(editor, markdown));
    this.redraw();
  }

  // ------------------------------------------------------------ following

  private attempt(session: S): void {
    const request = this.request(session);
    if (!request) return;
    const id = this.assistant.start(session.smaller ? { ...request, options: ON_SMALLER } : request);
    this.of.set(id, session.id);
    session.attempts.push(firstAttempt({ id, demo: false }));
    session.shown = session.attempts.length - 1;
    this.redraw();
  }

  private follow(known: Generation, before: Generation | undefined): void {
    if (!this.actions.includes(known.action)) return;
    const session = this.sessionOf(known, before);
    if (!session) return;
    if (known.withdrawn || (!session.own && (known.decision || known.state === "cancelled"))) {
      this.close(session);
      return;
    }
    const attempt = session.attempts.find(({ id }) => id === known.id);
    if (!attempt) return;
    const states = { asked: "running", streaming: "running", cancelled: "stopped" } as const;
    const { state, held, text, demo, failure, citations: sources } = known;
    const now = state in states ? states[state as keyof typeof states] : (state as "done" | "failed");
    const isFirst = session.own && attempt.text === "" && text !== "" && now === "running";
    Object.assign(attempt, { text, held, demo, failure, sources, state: now });
    if (isFirst) announce(`${session.label}: the assistant is writing.`);
    if (isOver(known)) this.ended(session, attempt);
    else this.timer ??= setTimeout(() => this.redraw(), REWRITE_DRAW_MS);
  }

  private ended(session: S, attempt: Attempt): void {
    this.redraw();
    if (!session.own) return;
    announce(`${session.label}: ${this.ending(attempt)}`);
  }

  private ending(attempt: Attempt): string {
    const { state, failure, sources, result } = attempt;
    const words = wordsOf(attempt);
    const next = "Alt + F10 goes to what you can do.";
    if (failure) return `${failureSentence(failure, result !== null, "What had arrived is shown.")} ${next}`;
    if (state === "stopped") return words ? `stopped. ${words} ${next}` : `stopped. ${next}`;
    return words ? `${words}${sourcesSentence(sources)} ${next}` : `no other words came. ${next}`;
  }

  /** Somebody else's is shown too, from its first event on; one's own after a reload, while nobody has decided. */
  private sessionOf(known: Generation, before: Generation | undefined): S | null {
    const id = this.of.get(known.id);
    if (id) return this.sessions.get(id) ?? null;
    const isNew = known.state === "streaming" && (!before || before.seq === 0);
    if (!this.editor || !isNew || !known.user) return null;
    const own = known.user.id === this.assistant.config.user.id;
    if (own && !this.assistant.hello?.undecided?.some(({ id }) => id === known.id)) return null;
    const session = this.adopt(known);
    if (!session) return null;
    session.own = own;
    this.sessions.set(session.id, session);
    this.of.set(known.id, session.id);
    if (session.markdown) this.prepareMarkdown();
    announce(own ? `${session.label} waits for your decision.` : `${known.user.name}: ${session.label}.`);
    return session;
  }

  /** Make of the text so far what it would be in the document. */
  private read(session: S, attempt: Attempt): void {
    const text = attempt.text.trim();
    const asMarkdown = session.markdown || /\n\s*\n/.test(text);
    if (text === "") attempt.result = null;
    else if (asMarkdown && this.toMarkdown) attempt.result = { blocks: this.toMarkdown(text) };
    else {
      attempt.result = { words: text };
      if (asMarkdown && !this.isPreparing) this.prepareMarkdown();
    }
  }

  private finish(
    session: S,
    kept: Attempt | null,
    decision: { decision: "accepted" | "edited" | "rejected"; final_text?: string },
  ): void {
    for (const attempt of session.attempts) {
      this.assistant.decide({ id: attempt.id, ...(attempt === kept ? decision : { decision: "rejected" }) });
      this.assistant.cancel(attempt.id);
    }
    this.close(session);
    this.editor?.commands.focus();
  }

  private close(session: S): void {
    this.sessions.delete(session.id);
    this.ranges.remove([session.id]);
    this.tell();
  }

  protected redraw(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const session of this.sessions.values()) {
      const attempt = session.attempts[session.shown];
      if (attempt) this.read(session, attempt);
    }
    this.ranges.redraw();
  }

  protected tell(): void {
    const { open } = this;
    this.events.changed(open, open ? (this.ranges.get(open.id)?.intact ?? false) : false);
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

/** What an attempt used, in one sentence; nothing where it says of nothing. */
function sourcesSentence(sources: readonly Citation[]): string {
  const names = sources.map(({ title }) => title);
  return names.length > 0 ? ` It used the story’s sheet: ${names.join(", ")}.` : "";
}

/** An attempt that has only just begun. */
export function firstAttempt({ id, demo }: Pick<Generation, "id" | "demo">): Attempt {
  return { id, text: "", state: "running", held: false, failure: null, demo, sources: [], result: null };
}
