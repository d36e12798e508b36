/**
 * Drafts: what the assistant writes anew at a place (an outline, ideas, a scene, turns of a plot). Drawn below the block
 * it was asked in, and not part of the document until the person who asked keeps it.
 */
import type { Extension } from "@tiptap/core";
import { DOMSerializer, type Node } from "@tiptap/pm/model";
import { Decoration } from "@tiptap/pm/view";
import { uuidv4 } from "lib0/random";
import type { Assistant, Request } from "../assistant/assistant";
import { excerpt } from "../assistant/excerpt";
import type { Generation } from "../assistant/generations";
import type { Citation, GenerationInput } from "../assistant/messages";
import { createRelative, decodeRelative, encodeRelative, Resolver } from "../collaboration/anchors";
import { type Tracked, TrackedRanges } from "../collaboration/tracked-ranges";
import { announce } from "../editor/announce";
import {
  CONTINUE_AFTER_CHARACTERS,
  CONTINUE_BEFORE_CHARACTERS,
  SOURCE_NOTE_CHARACTERS,
} from "../editor/limits";
import { make } from "../page/elements";
import { insertingBelow } from "../rewrite/apply";
import { firstAttempt, type Session, Versions, type VersionsEvents } from "../rewrite/versions";

const ACTIONS = ["outline", "brainstorm", "story"] as const;
export type DraftAction = (typeof ACTIONS)[number];

export interface DraftWish {
  action: DraftAction;
  input: Pick<GenerationInput, "instruction" | "aspect">;
  label: string;
}

interface DraftSession extends Session {
  wish: DraftWish;
  input: GenerationInput;
}

export class Drafts extends Versions<DraftSession> {
  readonly ranges: TrackedRanges<DraftSession>;

  constructor(assistant: Assistant, events: VersionsEvents<DraftSession>) {
    super(assistant, ACTIONS, events);
    this.ranges = new TrackedRanges<DraftSession>({
      name: "drafts",
      draw: (item, doc) => this.draw(item, doc),
      changed: () => this.tell(),
    });
  }

  extension(): Extension {
    return this.ranges.extension();
  }

  /** Have something written for the place of the caret. */
  ask(wish: DraftWish): void {
    const { editor } = this;
    if (!editor || !this.mayAsk(wish.action)) return;
    const pos = editor.state.selection.to;
    const limits = { before: CONTINUE_BEFORE_CHARACTERS, after: CONTINUE_AFTER_CHARACTERS };
    const id = uuidv4();
    const { name, color } = this.assistant.config.user;
    const session: DraftSession = {
      ...{
        id,
        wish,
        label: wish.label,
        markdown: true,
        repeatable: true,
        attempts: [],
        shown: 0,
        own: true,
        who: { name, color },
      },
      input: { ...excerpt(editor.state.doc, pos, limits), ...wish.input },
    };
    this.prepareMarkdown();
    this.ranges.add([{ id, from: pos, to: pos, data: session }]);
    this.begin(session);
  }

  /** Put the draft into the text, below the block it was asked in. */
  keep(): boolean {
    const { editor, open } = this;
    const attempt = this.current();
    if (!editor?.isEditable || !open || !attempt?.result) return false;
    const pos = Math.max(0, this.ranges.get(open.id)?.from ?? editor.state.selection.to);
    this.write(insertingBelow(editor.state, pos, attempt.result, attempt.id), open, attempt);
    announce("Kept.");
    return true;
  }

  protected request({ id, wish, input, label }: DraftSession): Request | null {
    const place = this.ranges.get(id);
    if (!this.editor || !place) return null;
    const at = createRelative(this.editor.state, Math.max(0, place.from), 0);
    const anchor = { at: at && encodeRelative(at), label: label.slice(0, 80) };
    return { action: wish.action, input, anchor };
  }

  protected adopt(known: Generation): DraftSession | null {
    const wire = (known.anchor ?? {}) as Record<string, unknown>;
    const pos = this.editor && placeOf(new Resolver(this.editor.state), wire.at);
    if (typeof pos !== "number" || !known.user) return null;
    const label = String(wire.label ?? "Draft");
    const session: DraftSession = {
      ...{
        id: known.id,
        label,
        markdown: true,
        attempts: [firstAttempt(known)],
        shown: 0,
        own: false,
        repeatable: false,
      },
      ...{ who: known.user, wish: { action: known.action as DraftAction, input: {}, label }, input: {} },
    };
    this.ranges.add([{ id: session.id, from: pos, to: pos, data: session }]);
    return session;
  }

  private draw({ from, data }: Tracked<DraftSession>, doc: Node): Decoration[] {
    const attempt = data.attempts[data.shown];
    if (!attempt) return [];
    const $pos = doc.resolve(Math.min(from, doc.content.size));
    const at = $pos.depth > 0 ? $pos.after(1) : doc.content.size;
    const key = `draft:${data.id}:${attempt.id}:${attempt.text.length}:${attempt.state}:${"blocks" in (attempt.result ?? {})}:${attempt.sources.length}`;
    return [Decoration.widget(at, () => drawDraft(data, doc), { side: 1, key, ignoreSelection: true })];
  }
}

function drawDraft(session: DraftSession, doc: Node): HTMLElement {
  const element = document.createElement("div");
  element.className = "draft";
  element.contentEditable = "false";
  element.setAttribute("aria-hidden", "true"); // announced when it is finished, and drawn anew until then
  const attempt = session.attempts[session.shown];
  const result = attempt?.result;
  if (!result) element.classList.add("ghost", "ghost-wait");
  else if ("words" in result) element.textContent = result.words;
  else element.append(DOMSerializer.fromSchema(doc.type.schema).serializeFragment(result.blocks));
  const tag = document.createElement("div");
  tag.className = "draft-tag";
  const whose = session.own ? "" : `${session.who.name}: `;
  tag.textContent = `${whose}${session.label}${attempt?.demo ? " · demo" : ""}`;
  element.prepend(tag);
  if (attempt && attempt.sources.length > 0) element.append(drawSources(attempt.sources));
  return element;
}

/** What it used of the story's sheet, with the notes as it was given them. */
function drawSources(sources: readonly Citation[]): HTMLElement {
  const items = sources.map(({ source, title, quote }) => {
    const note = quote.length > SOURCE_NOTE_CHARACTERS ? `${quote.slice(0, SOURCE_NOTE_CHARACTERS)}…` : quote;
    const item = make("li", "", make("strong", "", title), note ? ` – ${note}` : "");
    item.dataset.kind = source;
    return item;
  });
  return make("div", "draft-sources", "Used from the story’s sheet:", make("ul", "", ...items));
}

function placeOf(resolver: Resolver, wire: unknown): number | null {
  try {
    const pos = resolver.position(decodeRelative(String(wire)));
    return typeof pos === "number" ? pos : null;
  } catch {
    return null;
  }
}
