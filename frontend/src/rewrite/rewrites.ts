/**
 * Rewrites of a selection: the assistant's version streams in beside the old words, as decorations, until the person
 * who asked keeps it, a part of it, or nothing. What others write inside meanwhile is never overwritten.
 */
import type { Extension } from "@tiptap/core";
import type { Node } from "@tiptap/pm/model";
import { Decoration } from "@tiptap/pm/view";
import { uuidv4 } from "lib0/random";
import type { Assistant, Request } from "../assistant/assistant";
import type { Generation } from "../assistant/generations";
import type { GenerationInput } from "../assistant/messages";
import { type Passage, passageOf } from "../assistant/passage";
import { type Change, changesBetween } from "../assistant/replacement";
import { createRelative, decodeRelative, encodeRelative, Resolver } from "../collaboration/anchors";
import { type Tracked, TrackedRanges } from "../collaboration/tracked-ranges";
import { announce, notify } from "../editor/announce";
import { insertingBelow, pieces, replacing, replacingPart, type Target } from "./apply";
import { type Selected, selectedText } from "./selected";
import { type Attempt, firstAttempt, type Session, Versions, type VersionsEvents, wordsOf } from "./versions";

const ACTIONS = [
  "rewrite",
  "shorten",
  "expand",
  "simplify",
  "tone",
  "translate",
  "summarize",
  "custom",
] as const;
export type RewriteAction = (typeof ACTIONS)[number];

export interface Wish {
  action: RewriteAction;
  input: Pick<GenerationInput, "instruction" | "tone" | "strength" | "language">;
  /** For people: "Shorten", "Translate into Danish". */
  label: string;
}

export interface RewriteSession extends Session {
  wish: Wish;
  selected: Selected;
}

export class Rewrites extends Versions<RewriteSession> {
  readonly ranges: TrackedRanges<RewriteSession>;

  constructor(assistant: Assistant, events: VersionsEvents<RewriteSession>) {
    super(assistant, ACTIONS, events);
    this.ranges = new TrackedRanges<RewriteSession>({
      name: "rewrites",
      exact: true,
      draw: (item, doc) => this.draw(item, doc),
      changed: () => this.tell(),
    });
  }

  extension(): Extension {
    return this.ranges.extension();
  }

  /** Have the selection rewritten, or a stretch of the text. */
  async ask(wish: Wish, range?: { from: number; to: number }): Promise<void> {
    const { editor } = this;
    if (!editor || !this.mayAsk(wish.action)) return;
    const { from, to } = range ?? editor.state.selection;
    const { doc } = editor.state;
    const selected = await selectedText(editor, from, to);
    if (typeof selected === "string") return notify(selected);
    if (selected.text.trim() === "") return notify("Select some text first.");
    const markdown = selected.form === "markdown";
    if (markdown) await this.prepareMarkdown();
    if (!editor.state.doc.eq(doc)) return notify("The text changed just now. Try again.");
    const id = uuidv4();
    const { name, color } = this.assistant.config.user;
    const session: RewriteSession = {
      ...{ id, wish, selected, markdown, label: wish.label },
      ...{ attempts: [], shown: 0, own: true, repeatable: true, who: { name, color } },
    };
    this.ranges.add([{ id, from: selected.from, to: selected.to, data: session }]);
    editor.commands.setTextSelection(selected.to); // the selection's colour would hide the changes
    this.begin(session);
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
    this.write(tr, open, attempt);
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
    this.write(tr, open, attempt, { decision: "edited", final_text: words });
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
    this.write(tr, open, attempt);
    announce("Inserted below.");
    return true;
  }

  protected request({ id, selected, wish }: RewriteSession): Request | null {
    const place = this.ranges.get(id);
    if (!this.editor || !place) return null;
    const { state } = this.editor;
    const start = createRelative(state, Math.max(0, place.from), 0);
    const end = createRelative(state, Math.max(0, place.to), -1);
    const { text, before, after, inline, form } = selected;
    return {
      action: wish.action,
      input: { selection: text, text_before: before, text_after: after, ...wish.input },
      anchor: {
        ...{ start: start && encodeRelative(start), end: end && encodeRelative(end) },
        ...{ inline, form, label: wish.label.slice(0, 80) },
      },
    };
  }

  protected adopt(known: Generation): RewriteSession | null {
    const wire = (known.anchor ?? {}) as Record<string, unknown>;
    const place = this.editor && resolveRange(new Resolver(this.editor.state), wire);
    if (!place || !known.user) return null;
    const label = String(wire.label ?? "Rewrite");
    const markdown = wire.form === "markdown";
    const form = markdown ? "markdown" : "plain";
    const session: RewriteSession = {
      ...{
        id: known.id,
        label,
        markdown,
        attempts: [firstAttempt(known)],
        shown: 0,
        own: false,
        repeatable: false,
        who: known.user,
      },
      wish: { action: known.action as RewriteAction, input: {}, label },
      selected: { ...place, inline: wire.inline === true, form, text: "", before: "", after: "" },
    };
    this.ranges.add([{ id: session.id, ...place, data: session }]);
    return session;
  }

  private draw({ from, to, data }: Tracked<RewriteSession>, doc: Node): Decoration[] {
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
  if (!session.own) element.title = `${session.who.name}: ${session.label}`;
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
