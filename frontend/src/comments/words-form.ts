/**
 * A field to say something in, which offers people after an @. What is written and not sent is kept for this tab, with
 * the id it will have: sent again after a lost answer, it is said once.
 */
import { uuidv4 } from "lib0/random";
import { Problem } from "../documents/api";
import { announce } from "../editor/announce";
import { make, makeButton } from "../page/elements";
import type { Person, Words } from "./comment";
import { matching, nameBeingWritten, named } from "./mentions";

const BODY_MAX_CHARACTERS = 5_000;
let fields = 0;

export interface WordsFormOptions {
  label: string;
  send: string;
  /** Where in the tab's storage unsent words are kept. */
  draftKey: string;
  /** What stands in it at first, where nothing unsent is kept. */
  body?: string;
  people(): Promise<Person[]>;
  /** Rejects with a Problem where it was not taken. */
  say(words: Words): Promise<unknown>;
  /** Where there is a way to leave it without sending. */
  cancel?(): void;
  /** Whether the buttons are there before something is written. */
  open?: boolean;
}

interface Draft {
  id: string;
  body: string;
  chosen: string[];
}

export class WordsForm {
  readonly element = make("form", "words-form");
  private readonly field = make("textarea", "area");
  private readonly offered = make("ul", "mention-list");
  private readonly problem = make("p", "field-error");
  private readonly actions = make("div", "card-actions");
  private readonly button: HTMLButtonElement;
  private draft: Draft;
  private everybody: Person[] = [];
  private matches: Person[] = [];
  private at = 0;
  private sending = false;

  constructor(private readonly options: WordsFormOptions) {
    this.draft = recall(options.draftKey) ?? { id: uuidv4(), body: options.body ?? "", chosen: [] };
    this.field.rows = 1;
    this.field.maxLength = BODY_MAX_CHARACTERS;
    this.field.placeholder = options.label;
    this.field.setAttribute("aria-label", options.label);
    this.field.setAttribute("aria-autocomplete", "list");
    this.field.value = this.draft.body;
    this.offered.id = `mentions-${++fields}`;
    this.offered.setAttribute("role", "listbox");
    this.offered.setAttribute("aria-label", "People");
    this.offered.hidden = true;
    this.problem.setAttribute("role", "alert");
    this.button = makeButton(options.send, () => {}, { kind: "primary" });
    this.button.type = "submit";
    this.button.title = "Ctrl or ⌘ Enter";
    this.actions.append(this.button);
    if (options.cancel || !options.open)
      this.actions.append(makeButton("Cancel", () => this.cancel(), { kind: "quiet" }));
    this.element.append(make("div", "words-field", this.field, this.offered), this.problem, this.actions);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.dataset.kept = ""; // a draft outlives the page
    this.field.addEventListener("input", () => this.onInput());
    this.field.addEventListener("keydown", (event) => this.onKey(event));
    this.field.addEventListener("focus", () => this.draw());
    this.field.addEventListener("blur", () => setTimeout(() => this.hide()));
    // Height follows the words.
    this.draw();
  }

  get isEmpty(): boolean {
    return this.field.value.trim() === "";
  }

  focus(): void {
    this.field.focus();
    this.field.setSelectionRange(this.field.value.length, this.field.value.length);
    this.grow();
  }

  /** Forget what was written. */
  discard(): void {
    sessionStorage.removeItem(this.options.draftKey);
    this.draft = { id: uuidv4(), body: "", chosen: [] };
    this.field.value = "";
    this.problem.textContent = "";
    this.draw();
  }

  private cancel(): void {
    this.discard();
    this.options.cancel?.();
  }

  private async submit(): Promise<void> {
    const body = this.field.value.trim();
    if (!body || this.sending) return;
    this.sending = true;
    this.problem.textContent = "";
    this.draw();
    const chosen = new Set(this.draft.chosen);
    const people = body.includes("@") ? await this.options.people() : [];
    try {
      await this.options.say({ id: this.draft.id, body, mentions: named(body, people, chosen) });
      // What was written meanwhile is another comment.
      if (this.field.value.trim() === body) this.discard();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem.textContent = error.message;
      this.field.focus();
    } finally {
      this.sending = false;
      this.draw();
    }
  }

  private onInput(): void {
    this.draft.body = this.field.value;
    if (this.isEmpty) sessionStorage.removeItem(this.options.draftKey);
    else sessionStorage.setItem(this.options.draftKey, JSON.stringify(this.draft));
    this.draw();
    this.offer();
  }

  private draw(): void {
    const opened = this.options.open || !this.isEmpty;
    this.actions.hidden = !opened;
    this.button.disabled = this.isEmpty || this.sending;
    this.field.readOnly = this.sending;
    this.grow();
  }

  private grow(): void {
    this.field.style.height = "auto";
    if (this.field.scrollHeight > 0) this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }

  // ---------------------------------------------------------------- naming people

  private async offer(): Promise<void> {
    const written = nameBeingWritten(this.field.value.slice(0, this.field.selectionStart));
    if (written === null) {
      this.hide();
      return;
    }
    this.everybody = await this.options.people();
    // Written on while the people were read.
    const now = nameBeingWritten(this.field.value.slice(0, this.field.selectionStart));
    this.matches = now === null ? [] : matching(this.everybody, now);
    this.at = 0;
    if (this.matches.length === 0) this.hide();
    else this.showMatches();
  }

  private showMatches(): void {
    if (this.offered.hidden)
      announce(`${this.matches.length} ${this.matches.length === 1 ? "person" : "people"} to mention.`);
    this.offered.hidden = false;
    this.offered.replaceChildren(
      ...this.matches.map((person, index) => {
        const option = make("li", "mention-option", dot(person), person.name);
        option.id = `${this.offered.id}-${index}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", String(index === this.at));
        option.addEventListener("pointerdown", (event) => {
          event.preventDefault(); // the field keeps the focus
          this.choose(person);
        });
        return option;
      }),
    );
    this.field.setAttribute("aria-controls", this.offered.id);
    this.field.setAttribute("aria-activedescendant", `${this.offered.id}-${this.at}`);
    this.offered.children[this.at]?.scrollIntoView({ block: "nearest" });
  }

  private hide(): void {
    this.offered.hidden = true;
    this.matches = [];
    this.field.removeAttribute("aria-controls");
    this.field.removeAttribute("aria-activedescendant");
  }

  private choose(person: Person): void {
    const caret = this.field.selectionStart;
    const before = this.field.value.slice(0, caret);
    const written = nameBeingWritten(before) ?? "";
    const start = caret - written.length;
    const inserted = `${person.name} `;
    this.field.setRangeText(inserted, start, caret, "end");
    if (!this.draft.chosen.includes(person.id)) this.draft.chosen.push(person.id);
    this.hide();
    this.draft.body = this.field.value;
    sessionStorage.setItem(this.options.draftKey, JSON.stringify(this.draft));
    this.draw();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (this.matches.length > 0 && this.onOfferKey(event)) {
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Escape" && this.options.cancel && this.isEmpty) {
      event.preventDefault();
      this.cancel();
    }
  }

  private onOfferKey({ key }: KeyboardEvent): boolean {
    const count = this.matches.length;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (step) {
      this.at = (this.at + step + count) % count;
      this.showMatches();
      return true;
    }
    if (key === "Escape") {
      this.hide();
      return true;
    }
    const person = this.matches[this.at];
    if ((key !== "Enter" && key !== "Tab") || !person) return false;
    this.choose(person);
    return true;
  }
}

/** A dot in somebody's colour. */
export function dot({ color }: Pick<Person, "color">): HTMLElement {
  const mark = make("span", "person-dot");
  mark.style.backgroundColor = /^#[0-9a-f]{6}$/i.test(color) ? color : "";
  return mark;
}

function recall(key: string): Draft | null {
  try {
    const { id, body, chosen } = JSON.parse(sessionStorage.getItem(key) ?? "null") as Draft;
    return typeof body === "string" && typeof id === "string" ? { id, body, chosen: chosen ?? [] } : null;
  } catch {
    return null;
  }
}
