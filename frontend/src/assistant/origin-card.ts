/** Where assisted text comes from: click on it (or Alt + Enter in it) shows who accepted it, when and from which model. */
import { type Editor, Extension } from "@tiptap/core";
import type { Mark } from "@tiptap/pm/model";
import { Plugin, PluginKey } from "@tiptap/pm/state";
import { call, Problem } from "../documents/api";
import { announce } from "../editor/announce";
import { type Floating, floatingHome, makeFloating } from "../editor/floating";
import { makeButton } from "../page/elements";
import { describeSource, NOT_ON_RECORD, type Source } from "../provenance/record";

export interface OriginCardOptions {
  /** The document's id. */
  document: string;
  /** Ask the chat about a generation. */
  ask(generation: string): void;
}

export const OriginCard = Extension.create<OriginCardOptions, { card: Card | null }>({
  name: "originCard",
  addOptions: () => ({ document: "", ask: () => {} }),
  addStorage: () => ({ card: null }),
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
    storage.card = new Card(editor, this.options);
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
  return (marks.find((mark) => mark.type.name === "origin")?.attrs.gen as string | undefined) || null;
}

class Card {
  private readonly panel = document.createElement("div");
  private readonly floating: Floating;
  private asked = "";

  constructor(
    private readonly editor: Editor,
    private readonly options: OriginCardOptions,
  ) {
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
    const path = `/api/v1/documents/${this.options.document}/provenance/sources/${encodeURIComponent(id)}`;
    const source = await call<Source>("GET", path).catch((error: unknown) => error);
    const sentences = source instanceof Error ? [explain(source)] : describeSource(source as Source);
    if (this.asked !== id || !this.isOpen) return;
    this.say(sentences);
    if (!(source instanceof Error) && this.editor.isEditable) this.panel.append(this.askButton(id));
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

  private askButton(id: string): HTMLElement {
    return makeButton("Ask about it", () => {
      this.close();
      this.options.ask(id);
    });
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

function explain(error: unknown): string {
  if (error instanceof Problem && error.status === 404) {
    return `Written by the assistant. ${NOT_ON_RECORD}`;
  }
  return error instanceof Problem ? error.message : "The record could not be read.";
}
