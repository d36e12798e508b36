/**
 * Two may take one proposal in the same moment, or words of it: then it is in the text twice. Whoever took less, or of as
 * much with the higher client number, takes theirs back. Each browser finds that by itself in the shared document.
 */
import type { Editor } from "@tiptap/core";
import { isChangeOrigin } from "@tiptap/extension-collaboration";
import type { EditorState } from "@tiptap/pm/state";
import { ySyncPluginKey } from "@tiptap/y-tiptap";
import type * as Y from "yjs";
import { extent, type Writing, writtenAtOnce } from "../collaboration/at-once";
import { TAKEN_TWICE_LOOK_MS } from "../editor/limits";
import { lastStep, type Step, takeBack } from "./undo-step";

interface Takes {
  steps: Step[];
  words: string;
}

export class TakenTwice {
  private readonly takes = new Map<string, Takes>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly editor: Editor) {
    editor.on("update", ({ transaction }) => {
      if (this.takes.size > 0 && isChangeOrigin(transaction)) this.lookSoon();
    });
    editor.on("destroy", () => clearTimeout(this.timer));
  }

  /** `part` of a proposal was just put into the document here. */
  took(id: string, part: string): void {
    const { steps, words } = this.takes.get(id) ?? { steps: [], words: "" };
    const step = lastStep(this.editor.view);
    if (step) this.takes.set(id, { steps: [...steps, step], words: words + part });
  }

  /** Not within the update, where what Yjs changes would not reach the page; and once for many. */
  private lookSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      for (const [id, takes] of this.takes) this.look(id, takes);
    }, TAKEN_TWICE_LOOK_MS);
  }

  private look(id: string, { steps, words }: Takes): void {
    const shared = sharedText(this.editor.state);
    const own = shared?.doc?.clientID;
    if (!shared || own === undefined) return;
    const yields = writtenAtOnce(shared, words).some((writings) => mustYield(shared, id, own, writings));
    if (!yields) return;
    this.takes.delete(id);
    takeBack(this.editor.view, steps);
  }
}

/** Whether words of a proposal were put into the document twice, at once. */
export function isTakenTwice(state: EditorState, text: string): boolean {
  const shared = sharedText(state);
  return shared !== undefined && writtenAtOnce(shared, text).length > 0;
}

function mustYield(shared: Y.XmlFragment, id: string, own: number, writings: readonly Writing[]): boolean {
  const mine = writings.find(({ client }) => client === own);
  if (!mine) return false;
  const took = extent(shared, mine, id);
  return writings.some((other) => {
    if (other.client === own) return false;
    const theirs = extent(shared, other, id);
    return theirs > took || (theirs === took && other.client < own);
  });
}

function sharedText(state: EditorState): Y.XmlFragment | undefined {
  return ySyncPluginKey.getState(state)?.type as Y.XmlFragment | undefined;
}
