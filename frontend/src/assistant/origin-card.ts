/** Where assisted text comes from: click on it (or Alt + Enter in it) shows who accepted it, when and from which model. */
import { type Editor, Extension } from "@tiptap/core";
import type { Mark } from "@tiptap/pm/model";
import { Plugin, PluginKey } from "@tiptap/pm/state";
import { call, Problem } from "../documents/api";
import { announce } from "../editor/announce";
import { type Floating, floatingHome, makeFloating } from "../editor/floating";

/** As `GET /api/v1/generations/{id}/` answers. */
export interface GenerationRecord {
  action: string;
  model: string;
  demo: boolean;
  created_at: string;
  user: { name: string } | null;
  decisions: { decision: string; user: { name: string } | null; created_at: string }[];
}

export const OriginCard = Extension.create({
  name: "originCard",
  addStorage: (): { card: Card | null } => ({ card: null }),
  onDestroy() {
    this.storage.card?.destroy();
  },
  addKeyboardShortcuts() {
    return {
      "Alt-Enter": () => {
        const pos = this.editor.state.selection.from;
        const id = generationAt(this.editor as Editor, pos);
        if (id) this.storage.card?.open(id, pos);
        return id !== null;
      },
    };
  },
  addProseMirrorPlugins() {
    const editor = this.editor as Editor;
    const { storage } = this;
    storage.card = new Card(editor);
    return [
      new Plugin({
        key: new PluginKey("originCard"),
        props: {
          handleClick(view, pos, event) {
            const target = event.target instanceof Element && event.target.closest('span[data-origin="ai"]');
            const id = target ? generationAt(editor, pos) : null;
            if (id && view.state.selection.empty) storage.card?.open(id, pos);
            else storage.card?.close();
            return false;
          },
          handleKeyDown(_view, event) {
            if (event.key === "Escape" && storage.card?.isOpen) {
              storage.card.close();
              return true;
            }
            if (!event.altKey) storage.card?.close();
            return false;
          },
        },
      }),
    ];
  },
});

function generationAt(editor: Editor, pos: number): string | null {
  const $pos = editor.state.doc.resolve(pos);
  const marks: readonly Mark[] = [...($pos.nodeBefore?.marks ?? []), ...($pos.nodeAfter?.marks ?? [])];
  return (marks.find((mark) => mark.type.name === "origin")?.attrs.gen as string | undefined) ?? null;
}

class Card {
  private readonly panel = document.createElement("div");
  private readonly floating: Floating;
  private asked = "";

  constructor(private readonly editor: Editor) {
    this.panel.className = "floating origin-card";
    this.panel.setAttribute("role", "dialog");
    this.panel.setAttribute("aria-label", "Assisted text");
    floatingHome().append(this.panel);
    this.floating = makeFloating(this.panel, "bottom-start");
  }

  get isOpen(): boolean {
    return this.floating.shown;
  }

  async open(id: string, pos: number): Promise<void> {
    this.asked = id;
    this.say(["Looking up…"]);
    this.floating.show({
      getBoundingClientRect: () => {
        const { left, top, bottom } = this.editor.view.coordsAtPos(
          Math.min(pos, this.editor.state.doc.content.size),
        );
        return new DOMRect(left, top, 1, bottom - top);
      },
      contextElement: this.editor.view.dom,
    });
    const sentences = await call<GenerationRecord>(
      "GET",
      `/api/v1/generations/${encodeURIComponent(id)}/`,
    ).then(describe, (error: unknown) => [explain(error)]);
    if (this.asked !== id || !this.isOpen) return;
    this.say(sentences);
    announce(sentences.join(" "));
  }

  close(): void {
    this.asked = "";
    if (this.isOpen) this.floating.hide();
  }

  destroy(): void {
    this.close();
    this.panel.remove();
  }

  private say(sentences: string[]): void {
    this.panel.replaceChildren(
      ...sentences.map((sentence) => {
        const paragraph = document.createElement("p");
        paragraph.textContent = sentence;
        return paragraph;
      }),
    );
  }
}

export function describe(record: GenerationRecord): string[] {
  const asked = record.user?.name ?? "Somebody who left";
  const taken = record.decisions.find(({ decision }) => decision !== "rejected");
  const when = (moment: string) =>
    new Date(moment).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const sentences = [
    `Written by the assistant for ${asked}.`,
    taken
      ? `Accepted by ${taken.user?.name ?? "somebody who left"}, ${when(taken.created_at)}.`
      : `Asked for ${when(record.created_at)}.`,
    `Model: ${record.model || "unknown"}${record.demo ? " (demo)" : ""}.`,
  ];
  return sentences;
}

function explain(error: unknown): string {
  if (error instanceof Problem && error.status === 404) {
    return "Written by the assistant. There is no record of it in this document: it may have been pasted from another one.";
  }
  return error instanceof Problem ? error.message : "The record could not be read.";
}
