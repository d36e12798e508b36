/**
 * Two people may take one proposal in the same moment: then it is in the text twice, and whoever the server heard second
 * takes theirs back.
 */
import type { Editor } from "@tiptap/core";
import type { Node } from "@tiptap/pm/model";
import { TAKEN_TWICE_MS } from "../editor/limits";
import { lastStep, takeBack } from "./undo-step";

interface Take {
  step: ReturnType<typeof lastStep>;
  /** Characters of the proposal. */
  length: number;
  isSecond: boolean;
}

export class TakenTwice {
  private readonly takes = new Map<string, Take>();

  constructor(private readonly editor: Editor) {
    editor.on("update", () => {
      // Not within the update: what Yjs changes meanwhile would not reach the page.
      if (this.takes.size > 0) queueMicrotask(() => this.look());
    });
  }

  /** `part` of the proposal's `text` was just put into the document here. Of a mere part it is never sure whose is whose. */
  took(id: string, part: string, text: string): void {
    this.takes.delete(id);
    const length = characters(text);
    if (characters(part) === length)
      this.takes.set(id, { step: lastStep(this.editor.view), length, isSecond: false });
  }

  /** It is known now who took all of it first: we, or somebody else. */
  decided(id: string, byUs: boolean): void {
    if (byUs) this.takes.delete(id);
    const take = this.takes.get(id);
    if (!take || take.isSecond) return;
    take.isSecond = true;
    setTimeout(() => this.takes.delete(id), TAKEN_TWICE_MS); // their words may still be on the way
    this.look();
  }

  private look(): void {
    for (const [id, { step, length, isSecond }] of this.takes) {
      if (!isSecond || !step || markedCharacters(this.editor.state.doc, id) < 2 * length) continue;
      this.takes.delete(id);
      takeBack(this.editor.view, step);
    }
  }
}

/** Line breaks become paragraphs, and blanks at their ends may go. */
function characters(text: string): number {
  return text.replace(/\s/g, "").length;
}

/** How much of the text carries the mark of generation `id`. */
function markedCharacters(doc: Node, id: string): number {
  let found = 0;
  doc.descendants(({ isText, marks, text }) => {
    if (isText && marks.some(({ type, attrs }) => type.name === "origin" && attrs.gen === id))
      found += characters(text ?? "");
  });
  return found;
}
