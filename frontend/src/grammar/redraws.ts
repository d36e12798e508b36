/**
 * Has blocks underlined anew, once for all that has come till then, and only where that differs: with the next frame; or,
 * what nobody waits for, when nobody types any more. While somebody types, some at a time and at a distance: drawing costs
 * as much as a keystroke.
 */
import type { Editor } from "@tiptap/core";
import { readSelection } from "../editor/fresh-selection";
import { REDRAW_APART_MS, REDRAW_BLOCKS, REDRAW_LATE_MS, REDRAW_PAUSE_MS } from "../editor/limits";
import { hasNews, type LookUp, type Stale, underlinesKey } from "./underlines";

export class Redraws {
  private stale: Set<string> | null = new Set();
  private urgent = new Set<string>();
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** The first of what has been put off. */
  private since = 0;
  private typedAt = 0;
  private urgentAt = 0;
  private next: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly editor: () => Editor | null,
    private readonly lookUp: LookUp,
  ) {}

  /** Somebody types here. */
  typed(): void {
    this.typedAt = Date.now();
  }

  /** The block, or the blocks, with this text. */
  one(text: string): void {
    this.urgent.add(text);
    if (this.frame !== 0 || this.next !== undefined) return;
    const wait = this.isTyping ? this.urgentAt + REDRAW_APART_MS - Date.now() : 0;
    if (wait <= 0) this.schedule();
    else this.next = setTimeout(() => this.schedule(), wait);
  }

  /** As `one`; but drawing costs a keystroke's time, so it waits for a pause, for so long. */
  oneInPause(text: string): void {
    this.stale?.add(text);
    if (this.frame !== 0 || this.timer !== undefined) return;
    this.since = Date.now();
    this.drawInPause();
  }

  all(): void {
    this.stale = null;
    this.schedule();
  }

  /** What waits for its time comes with the next frame. */
  now(): void {
    this.schedule();
  }

  private drawInPause(): void {
    const now = Date.now();
    const wait = Math.min(this.typedAt + REDRAW_PAUSE_MS, this.since + REDRAW_LATE_MS) - now;
    if (wait <= 0) this.schedule();
    else this.timer = setTimeout(() => this.drawInPause(), wait);
  }

  private schedule(): void {
    clearTimeout(this.timer);
    clearTimeout(this.next);
    this.timer = undefined;
    this.next = undefined;
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw(this.take());
    });
  }

  /** What to draw now; of what nobody waits for only so much while somebody types, the rest a little later. */
  private take(): Stale {
    const { stale, urgent } = this;
    if (urgent.size > 0) this.urgentAt = Date.now();
    this.urgent = new Set();
    if (!stale || !this.isTyping || stale.size <= REDRAW_BLOCKS) {
      this.stale = new Set();
      return stale && new Set([...stale, ...urgent]);
    }
    const some = [...stale].slice(0, REDRAW_BLOCKS);
    for (const text of some) stale.delete(text);
    this.timer = setTimeout(() => this.schedule(), REDRAW_APART_MS);
    return new Set([...urgent, ...some]);
  }

  private get isTyping(): boolean {
    return Date.now() < this.typedAt + REDRAW_PAUSE_MS;
  }

  private draw(stale: Stale): void {
    const editor = this.editor();
    if (!editor || editor.isDestroyed || !hasNews(editor.state, stale, this.lookUp)) return;
    const { view } = editor;
    if (!view.composing) readSelection(view);
    view.dispatch(view.state.tr.setMeta(underlinesKey, stale).setMeta("addToHistory", false));
  }
}
