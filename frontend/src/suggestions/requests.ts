/** Asks for suggestions: as many aspects at a time as one person may have, the others in turn. */
import type { Editor } from "@tiptap/core";
import type { Assistant } from "../assistant/assistant";
import { isOver } from "../assistant/generations";
import { ON_SMALLER } from "../assistant/offer";
import {
  anchorPassage,
  encodePassage,
  type Passage,
  type PassageAnchor,
  passageOf,
} from "../assistant/passage";
import { notify } from "../editor/announce";
import { SUGGESTIONS_AT_ONCE } from "../editor/limits";

export interface Asked {
  aspect: string;
  from: number;
  to: number;
  /** By the smaller model. */
  smaller?: boolean;
}

export class Requests {
  waiting: Asked[] = [];
  /** While it lasts nothing is asked; `refused` of what waits are there for the second time. */
  private pause: ReturnType<typeof setTimeout> | undefined;
  private refused = 0;

  /** `started`: a generation is under way for what was asked. */
  constructor(
    private readonly assistant: Assistant,
    private readonly editor: () => Editor | null,
    private readonly started: (id: string, asked: Asked, anchor: PassageAnchor) => void,
  ) {}

  /** Start what waits, as many at once as one person may have. */
  pump(): void {
    if (this.pause !== undefined) return;
    const limit = this.assistant.hello?.limits.concurrent_generations ?? SUGGESTIONS_AT_ONCE;
    const own = this.assistant.config.user.id;
    const running = [...this.assistant.all()].filter(
      (known) => !isOver(known) && (known.user === null || known.user.id === own),
    ).length;
    // One is left for what the person asks for while these run, where there may be several.
    for (let free = Math.min(SUGGESTIONS_AT_ONCE, Math.max(1, limit - 1)) - running; free > 0; free--) {
      const next = this.waiting.shift();
      if (!next) return;
      this.start(next);
    }
  }

  /** There was no room for it: others in the document have as many running as there may be. It waits for its turn. */
  waitAgain(asked: Asked, seconds: number): void {
    this.waiting.splice(this.refused, 0, asked);
    this.refused += 1;
    this.pause ??= setTimeout(() => {
      this.pause = undefined;
      this.refused = 0;
      this.pump();
    }, seconds * 1000);
  }

  private start(asked: Asked): void {
    const editor = this.editor();
    if (!editor) return;
    const { doc } = editor.state;
    const passage = this.fitting(passageOf(doc, asked.from, Math.min(asked.to, doc.content.size)));
    if (passage.text === "") return;
    const { aspect } = asked;
    const anchor = anchorPassage(editor.state, passage);
    const id = this.assistant.start({
      action: "suggest",
      input: { selection: passage.text, aspect },
      anchor: { aspect, points: encodePassage(anchor) },
      ...(asked.smaller ? { options: ON_SMALLER } : {}),
    });
    this.started(id, asked, anchor);
  }

  /** As much of a passage as one request may have, in whole blocks. */
  private fitting(passage: Passage): Passage {
    const limit = this.assistant.inputLimit(passage.text.length + 1);
    if (passage.text.length <= limit) return passage;
    const segments = passage.segments.filter(({ offset, length }) => offset + length <= limit);
    const last = segments.at(-1);
    notify("The text is too long for one request: the assistant looks through its first part.");
    return { text: last ? passage.text.slice(0, last.offset + last.length) : "", segments };
  }
}
