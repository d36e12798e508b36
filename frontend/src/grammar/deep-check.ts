/** Lane two: has the assistant read what this person changed, after a pause, a few paragraphs at a time. */
import type { Assistant } from "../assistant/assistant";
import { type Generation, isOver } from "../assistant/generations";
import type { Edit } from "../assistant/messages";
import { hasHalfCharacter } from "../assistant/passage";
import { DEEP_CHECK_CHARACTERS, DEEP_CHECK_PAUSE_MS, DEEP_CHECKS_PER_MINUTE } from "../editor/limits";
import { categoryLabel, type Finding, kindOf } from "./findings";

const MINUTE_MS = 60_000;
/** Shorter blocks say nothing worth a request. */
const MIN_CHARACTERS = 12;

interface Sent {
  /** The blocks of the request with their offsets in its text. */
  blocks: { offset: number; text: string }[];
}

export interface DeepCheckEvents {
  /** The assistant found something in a block's text. */
  found(text: string, finding: Finding): void;
  /** It has read the block to its end. */
  read(text: string): void;
  /** A check failed for good: quota, role, no such action. Null: they work again. */
  failed(failure: Generation["failure"]): void;
  /** A reviewer removed what a check has found. */
  withdrawn(generation: string): void;
  /** Everything that was to be read is. */
  idle(): void;
}

export class DeepCheck {
  private readonly waiting = new Set<string>();
  private readonly sent = new Map<string, Sent>();
  private readonly starts: number[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pausedUntil = 0;

  constructor(
    private readonly assistant: Assistant,
    private readonly events: DeepCheckEvents,
    /** Whether a block still reads so: what was changed again is not worth a request. */
    private readonly isCurrent: (text: string) => boolean,
  ) {
    assistant.follow((known, before) => this.follow(known, before));
  }

  /** These blocks were changed: read them once nobody types any more. */
  add(texts: readonly string[]): void {
    for (const text of texts) if (text.trim().length >= MIN_CHARACTERS) this.waiting.add(text);
    if (this.waiting.size > 0) this.schedule(DEEP_CHECK_PAUSE_MS);
  }

  /** Read what waits now, whatever was refused before. */
  resume(): void {
    this.pausedUntil = 0;
    if (this.waiting.size > 0) this.schedule(0);
  }

  clear(): void {
    this.waiting.clear();
    clearTimeout(this.timer);
  }

  private schedule(wait: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), wait);
  }

  private send(): void {
    if (this.assistant.availability.why("grammar")) {
      this.clear();
      return;
    }
    const now = Date.now();
    while (this.starts[0] !== undefined && this.starts[0] <= now - MINUTE_MS) this.starts.shift();
    const full = this.starts.length >= DEEP_CHECKS_PER_MINUTE ? (this.starts[0] ?? now) + MINUTE_MS : now;
    const wait = Math.max(full, this.pausedUntil) - now;
    if (wait > 0) {
      this.schedule(wait);
      return;
    }
    // One at a time; the end of it asks again.
    if (this.sent.size > 0 || !this.assistant.isReachable) {
      this.schedule(DEEP_CHECK_PAUSE_MS);
      return;
    }
    const blocks = this.take();
    if (blocks.length === 0) {
      this.events.idle();
      return;
    }
    this.starts.push(now);
    const selection = blocks.map(({ text }) => text).join("\n");
    const id = this.assistant.start({ action: "grammar", input: { selection }, visibility: "private" });
    this.sent.set(id, { blocks });
  }

  private take(): Sent["blocks"] {
    const blocks: Sent["blocks"] = [];
    let length = 0;
    for (const text of this.waiting) {
      if (blocks.length > 0 && length + text.length > DEEP_CHECK_CHARACTERS) break;
      this.waiting.delete(text);
      if (!this.isCurrent(text)) continue;
      blocks.push({ offset: length, text });
      length += text.length + 1;
    }
    return blocks;
  }

  private follow(known: Generation, before: Generation | undefined): void {
    const sent = this.sent.get(known.id);
    if (known.withdrawn) {
      this.sent.delete(known.id);
      this.events.withdrawn(known.id);
      return;
    }
    if (!sent) return;
    for (const edit of known.edits.slice(before?.edits.length ?? 0)) this.takeEdit(known.id, sent, edit);
    if (!isOver(known)) return;
    this.sent.delete(known.id);
    if (known.state === "done") {
      for (const { text } of sent.blocks) this.events.read(text);
      this.events.failed(null);
    } else if (known.failure) this.refuse(sent, known.failure);
    if (this.waiting.size > 0) this.schedule(DEEP_CHECK_PAUSE_MS);
    else this.events.idle();
  }

  private takeEdit(generation: string, { blocks }: Sent, edit: Edit): void {
    const block = blocks.findLast(({ offset }) => offset <= edit.start);
    if (!block) return;
    const start = edit.start - block.offset;
    const end = edit.end - block.offset;
    // Whatever the model said: only words that stand there, in one block.
    if (start >= end || block.text.slice(start, end) !== edit.original || hasHalfCharacter(edit.original))
      return;
    this.events.found(block.text, {
      start,
      end,
      original: edit.original,
      replacements: [edit.replacement],
      kind: kindOf(edit.category),
      category: categoryLabel(edit.category || "grammar"),
      reason: edit.explanation,
      edit: { generation, id: edit.edit_id, category: edit.category },
    });
  }

  private refuse(sent: Sent, failure: NonNullable<Generation["failure"]>): void {
    this.pausedUntil = Date.now() + Math.max(failure.retryAfter ?? 0, MINUTE_MS / 1000 / 2) * 1000;
    if (failure.retryable || failure.retryAfter) for (const { text } of sent.blocks) this.waiting.add(text);
    if (failure.offer || !(failure.retryable || failure.retryAfter)) this.events.failed(failure);
  }
}
