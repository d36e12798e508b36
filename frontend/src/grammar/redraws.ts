/**
 * Has blocks underlined anew, once for all that has come till then, and only where that differs: with the next frame; or,
 * what nobody waits for, when nobody types any more.
 */
import type { Editor } from "@tiptap/core";
import { readSelection } from "../editor/fresh-selection";
import { REDRAW_LATE_MS, REDRAW_PAUSE_MS } from "../editor/limits";
import { hasNews, type LookUp, type Stale, underlinesKey } from "./underlines";

export class Redraws {
  private stale: Set<string> | null = new Set();
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** The first of what has been put off. */
  private since = 0;
  private typedAt = 0;

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
    this.stale?.add(text);
    this.schedule();
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

  private drawInPause(): void {
    const now = Date.now();
    const wait = Math.min(this.typedAt + REDRAW_PAUSE_MS, this.since + REDRAW_LATE_MS) - now;
    if (wait <= 0) this.schedule();
    else this.timer = setTimeout(() => this.drawInPause(), wait);
  }

  private schedule(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      const { stale } = this;
      this.stale = new Set();
      this.draw(stale);
    });
  }

  private draw(stale: Stale): void {
    const editor = this.editor();
    if (!editor || editor.isDestroyed || !hasNews(editor.state, stale, this.lookUp)) return;
    const { view } = editor;
    if (!view.composing) readSelection(view);
    view.dispatch(view.state.tr.setMeta(underlinesKey, stale).setMeta("addToHistory", false));
  }
}
