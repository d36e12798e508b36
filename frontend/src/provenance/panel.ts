/** The rail's panel of provenance: the shares of typed, pasted and assisted text, and who took over what from where. */
import type { Editor } from "@tiptap/core";
import { call, Problem } from "../documents/api";
import { countDocument, percentOf } from "../editor/counts";
import { COUNT_DELAY_MS } from "../editor/limits";
import { originOf } from "../editor/origin";
import { bindSwitch } from "../editor/switch";
import { make, makeButton } from "../page/elements";
import { describeSource, NOT_ON_RECORD, type Provenance, type Source, type Span } from "./record";

const EXCERPT_CHARACTERS = 160;
/** Passages that are listed at first. */
const SHOWN = 50;

export class ProvenancePanel {
  private readonly shares = make("dl", "shares");
  private readonly bar = make("div", "share-bar");
  private readonly list = make("ul", "origins");
  private readonly note = make("p", "panel-empty");
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    container: HTMLElement,
    private readonly editor: Editor,
    private readonly path: string,
  ) {
    this.bar.setAttribute("aria-hidden", "true");
    this.note.setAttribute("role", "status");
    container.append(
      make("h2", "visually-hidden", "Provenance"),
      this.bar,
      this.shares,
      this.pastedSwitch(),
      make("h3", "origins-heading", "Taken over from the assistant"),
      this.note,
      this.list,
      make(
        "div",
        "origins-files",
        this.download("json", "Record as JSON"),
        this.download("html", "Document as HTML"),
      ),
    );
    editor.on("update", () => this.countLater());
    this.count();
  }

  /** Read the record again: the panel came into view. */
  async load(): Promise<void> {
    this.count();
    this.list.setAttribute("aria-busy", "true");
    if (this.list.childElementCount === 0) this.note.textContent = "Looking up…";
    try {
      this.draw(await call<Provenance>("GET", this.path));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.note.textContent = error.message;
    } finally {
      this.list.removeAttribute("aria-busy");
    }
  }

  private countLater(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.count(), COUNT_DELAY_MS);
  }

  private count(): void {
    const { characters, assisted, pasted } = countDocument(this.editor.state.doc);
    const shares: [string, string, number][] = [
      ["typed", "Typed", percentOf(characters - assisted - pasted, characters)],
      ["pasted", "Pasted", percentOf(pasted, characters)],
      ["assisted", "Assisted", percentOf(assisted, characters)],
    ];
    this.shares.replaceChildren(
      ...shares.map(([id, words, percent]) => {
        const name = make("dt", "", words);
        name.dataset.origin = id;
        return make("div", "share", name, make("dd", "", `${percent} %`));
      }),
    );
    this.bar.replaceChildren(
      ...shares.map(([id, , percent]) => {
        const part = make("span", "");
        part.dataset.origin = id;
        part.style.flexGrow = String(percent);
        return part;
      }),
    );
  }

  private pastedSwitch(): HTMLElement {
    const button = makeButton("", () => {}, { kind: "quiet" });
    bindSwitch(button, {
      on: document.body.classList.contains("show-pasted"),
      change: (on) => {
        document.body.classList.toggle("show-pasted", on);
        button.textContent = on ? "Hide pasted text" : "Show pasted text";
      },
    });
    button.removeAttribute("aria-pressed"); // its words say what it does
    return button;
  }

  private download(format: string, words: string): HTMLElement {
    const link = make("a", "button", words);
    link.href = `${this.path}/export?format=${format}`;
    link.download = "";
    return link;
  }

  private draw({ spans, sources }: Provenance): void {
    const known = new Map(sources.map((source) => [source.id, source]));
    const assisted = spans.filter(({ origin }) => origin === "assisted");
    const items = assisted.map((span) => this.item(span, known.get(span.generation)));
    this.list.replaceChildren(...items.slice(0, SHOWN));
    if (items.length > SHOWN) {
      const more = makeButton(`Show all ${items.length}`, () => this.list.replaceChildren(...items));
      this.list.append(make("li", "", more));
    }
    this.note.textContent =
      items.length > 0
        ? ""
        : "Nothing yet. What you accept from the assistant is listed here, with who accepted it.";
  }

  private item(span: Span, source: Source | undefined): HTMLElement {
    const text = span.text.trim();
    const excerpt =
      text.length > EXCERPT_CHARACTERS ? `${text.slice(0, EXCERPT_CHARACTERS).trimEnd()}…` : text;
    const words = source ? describeSource(source) : [NOT_ON_RECORD];
    return make(
      "li",
      "origin-item",
      make("blockquote", "chat-quote", excerpt || "(spaces)"),
      ...words.map((sentence) => make("p", "card-meta", sentence)),
      makeButton("Show in the text", () => this.show(span), { kind: "quiet" }),
    );
  }

  /** Select the passage where it is now. */
  private show({ generation, text }: Span): void {
    const { state } = this.editor;
    let found: { from: number; to: number } | null = null;
    let fallback: { from: number; to: number } | null = null;
    state.doc.descendants((node, pos) => {
      if (!node.isText || found || originOf(node) !== "assisted") return;
      const mark = node.marks.find(({ type }) => type.name === "origin");
      if (mark?.attrs.gen !== generation) return;
      const place = { from: pos, to: pos + node.nodeSize };
      fallback ??= place;
      if (node.text && text.includes(node.text)) found = place;
    });
    const place = found ?? fallback;
    if (place) this.editor.chain().focus().setTextSelection(place).scrollIntoView().run();
    else this.note.textContent = "This passage is not in the text any more.";
  }
}
