/** Explains a finding beside its words: what, why, what instead, and what else can be done about it. */
import type { Editor } from "@tiptap/core";
import { type Floating, floatingHome, makeFloating } from "../editor/floating";
import { HOVER_MS } from "../editor/limits";
import { make, makeButton } from "../page/elements";
import { spokenFinding } from "./findings";
import type { Grammar } from "./grammar";
import type { Underline } from "./underlines";

/** As many replacements as one chooses between at a glance. */
const REPLACEMENTS_SHOWN = 3;

export class FindingPopover {
  private readonly panel = make("div", "floating finding-card");
  private readonly floating: Floating;
  private shown: Underline | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly editor: Editor,
    private readonly grammar: Grammar,
  ) {
    this.panel.setAttribute("role", "dialog");
    floatingHome().append(this.panel);
    this.floating = makeFloating(this.panel, "bottom-start");
    this.listen();
  }

  show(underline: Underline, focus: boolean): void {
    this.shown = underline;
    this.draw(underline);
    this.floating.show({
      getBoundingClientRect: () => this.wordsRect(underline),
      contextElement: this.editor.view.dom,
    });
    if (focus) this.panel.querySelector<HTMLElement>("button")?.focus();
  }

  hide(): void {
    clearTimeout(this.timer);
    if (!this.floating.shown) return;
    const hadFocus = this.panel.contains(document.activeElement);
    this.shown = null;
    this.floating.hide();
    if (hadFocus) this.editor.view.focus(); // at once, not with the next frame as the focus command does
  }

  /** The text or the findings changed under it. */
  update(): void {
    if (this.shown && this.grammar.get(this.shown.id)?.finding.original !== this.shown.finding.original)
      this.hide();
  }

  private listen(): void {
    const { dom } = this.editor.view;
    dom.addEventListener("pointerover", (event) => this.onPointer(event));
    dom.addEventListener("pointerout", () => this.later(() => this.leave()));
    this.panel.addEventListener("pointerenter", () => clearTimeout(this.timer));
    this.panel.addEventListener("pointerleave", () => this.later(() => this.leave()));
    dom.addEventListener("click", (event) => {
      const underline = this.underlineAt(event.target);
      if (underline && this.editor.state.selection.empty) this.show(underline, false);
    });
    this.editor.on("update", () => this.hide());
    this.panel.addEventListener("keydown", (event) => this.onKey(event));
    this.panel.addEventListener("focusout", (event) => {
      if (!this.panel.contains(event.relatedTarget as Node | null)) this.later(() => this.leave());
    });
    dom.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.hide();
    });
  }

  private onPointer(event: PointerEvent): void {
    if (event.pointerType !== "mouse" || event.buttons !== 0) return;
    const underline = this.underlineAt(event.target);
    if (underline) this.later(() => this.editor.isDestroyed || this.show(underline, false));
  }

  private later(run: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(run, HOVER_MS);
  }

  private leave(): void {
    if (!this.panel.contains(document.activeElement)) this.hide();
  }

  private underlineAt(target: EventTarget | null): Underline | undefined {
    const element = target instanceof Element ? target.closest<HTMLElement>("[data-finding]") : null;
    return element ? this.grammar.get(element.dataset.finding ?? "") : undefined;
  }

  private wordsRect({ from, to }: Underline): DOMRect {
    const size = this.editor.state.doc.content.size;
    const start = this.editor.view.coordsAtPos(Math.min(from, size));
    const end = this.editor.view.coordsAtPos(Math.min(to, size), -1);
    const right = end.top > start.top + 4 ? start.left + 1 : Math.max(start.left + 1, end.right);
    return new DOMRect(start.left, start.top, right - start.left, start.bottom - start.top);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      event.preventDefault();
      this.hide();
      return;
    }
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...this.panel.querySelectorAll<HTMLElement>("button")];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  }

  private draw(underline: Underline): void {
    const { finding } = underline;
    this.panel.setAttribute("aria-label", spokenFinding(finding));
    const source = finding.edit ? "Assistant" : "Checked in your browser";
    const children: HTMLElement[] = [
      make("p", "finding-kind", finding.category, make("span", "finding-source", source)),
      make("p", "finding-reason", finding.reason),
    ];
    if (this.editor.isEditable && finding.replacements.length > 0)
      children.push(this.replacements(underline));
    children.push(this.others(underline));
    this.panel.replaceChildren(...children);
  }

  private replacements(underline: Underline): HTMLElement {
    const buttons = underline.finding.replacements.slice(0, REPLACEMENTS_SHOWN).map((words, index) => {
      const shown = words.trim() === "" ? (words === "" ? "Remove" : "One space") : words;
      const label = words.trim() === "" ? undefined : `Replace by ${words}`;
      const kind = index === 0 ? "primary" : undefined;
      const run = this.act(() => this.grammar.accept(underline, words));
      return makeButton(shown, run, { ...(kind ? { kind } : {}), ...(label ? { label } : {}) });
    });
    return make("div", "card-actions", ...buttons);
  }

  private others(underline: Underline): HTMLElement {
    const { finding } = underline;
    const word = finding.original;
    const quiet = (words: string, run: () => void) => makeButton(words, this.act(run), { kind: "quiet" });
    const row = make("div", "finding-others");
    row.append(
      quiet("Ignore", () => this.grammar.ignoreOnce(underline)),
      quiet("Ignore rule", () => this.grammar.ignoreRule(underline)),
    );
    if (finding.kind === "spelling" && !/\s/.test(word))
      row.append(
        quiet("Add to my dictionary", () => this.grammar.addWord("mine", word)),
        ...(this.editor.isEditable
          ? [quiet("Add to the document’s", () => this.grammar.addWord("document", word))]
          : []),
      );
    return row;
  }

  /** Do it, and go back to the text. */
  private act(run: () => void): () => void {
    return () => {
      run();
      this.hide();
      this.editor.view.focus();
    };
  }
}
