/** Has blocks underlined anew with the next frame, once for all that has come till then, and only where that differs. */
import type { Editor } from "@tiptap/core";
import { readSelection } from "../editor/fresh-selection";
import { hasNews, type LookUp, type Stale, underlinesKey } from "./underlines";

export class Redraws {
  private stale: Set<string> | null = new Set();
  private frame = 0;

  constructor(
    private readonly editor: () => Editor | null,
    private readonly lookUp: LookUp,
  ) {}

  /** The block, or the blocks, with this text. */
  one(text: string): void {
    this.stale?.add(text);
    this.schedule();
  }

  all(): void {
    this.stale = null;
    this.schedule();
  }

  private schedule(): void {
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
