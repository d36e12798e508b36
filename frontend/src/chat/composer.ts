/** Where a question is written. Enter sends, Shift + Enter begins a line; what was not sent stays for this tab. */
import { make, makeButton } from "../page/elements";

/** Why nothing can be sent now, in words; what is written is kept. */
export interface ComposerState {
  /** An answer is being written: the button stops it. */
  answering: boolean;
  /** Empty: a question can be sent. */
  blocked: string;
}

export interface ComposerActions {
  send(question: string): void;
  stop(): void;
  /** The passage or answer that the question refers to is not meant any more. */
  dropReference(): void;
}

const QUESTION_MAX_CHARACTERS = 20_000;

export class Composer {
  readonly element = make("form", "chat-composer");
  private readonly field = make("textarea", "chat-question-field");
  private readonly hint = make("p", "chat-hint");
  private readonly reference = make("div", "chat-reference");
  private readonly button: HTMLButtonElement;
  private state: ComposerState = { answering: false, blocked: "" };
  private draftKey = "";

  constructor(private readonly actions: ComposerActions) {
    this.field.rows = 1;
    this.field.maxLength = QUESTION_MAX_CHARACTERS;
    this.field.dataset.kept = ""; // a draft outlives the page
    this.field.placeholder = "Ask about the document";
    this.field.setAttribute("aria-label", "Your question");
    this.hint.id = "chat-hint";
    this.hint.setAttribute("role", "status");
    this.field.setAttribute("aria-describedby", this.hint.id);
    this.button = makeButton("Send", () => {}, { kind: "primary" });
    this.button.type = "submit";
    this.reference.hidden = true;
    this.element.append(this.reference, make("div", "chat-line", this.field, this.button), this.hint);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("keydown", (event) => this.onKey(event));
    this.field.addEventListener("input", () => this.keepDraft());
  }

  focus(): void {
    this.field.focus();
  }

  /** Show what was written and not sent in the conversation with this key. */
  open(draftKey: string): void {
    this.draftKey = draftKey;
    this.field.value = sessionStorage.getItem(draftKey) ?? "";
    this.draw();
  }

  /** Keep what is written under another key: the conversation has an id now. */
  moveDraft(draftKey: string): void {
    sessionStorage.removeItem(this.draftKey);
    this.draftKey = draftKey;
    this.keepDraft();
  }

  set(state: ComposerState): void {
    this.state = state;
    this.draw();
  }

  /** Give back a question that was not taken, unless something else is written already. */
  giveBack(question: string): boolean {
    if (this.field.value.trim() !== "") return false;
    this.field.value = question;
    this.keepDraft();
    return true;
  }

  /** Take back a question that was given back, unless it was changed since. */
  withdraw(question: string): void {
    if (this.field.value.trim() !== question.trim()) return;
    this.field.value = "";
    this.keepDraft();
  }

  /** Write a question for the person to send. */
  propose(question: string): void {
    this.field.value = question;
    this.keepDraft();
    this.field.focus();
  }

  /** Say what the question refers to; null: nothing. */
  refer(words: string | null, what: string): void {
    this.reference.hidden = words === null;
    this.reference.replaceChildren();
    if (words === null) return;
    const remove = makeButton("", () => this.actions.dropReference(), {
      icon: "x",
      kind: "icon",
      label: `Do not refer to the ${what}`,
    });
    this.reference.append(make("blockquote", "chat-quote", words), remove);
  }

  private submit(): void {
    if (this.state.answering) {
      this.actions.stop();
      return;
    }
    const question = this.field.value.trim();
    if (!question || this.state.blocked) return;
    this.field.value = "";
    this.keepDraft();
    this.actions.send(question);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || this.state.answering) return;
    event.preventDefault();
    this.submit();
  }

  private keepDraft(): void {
    if (this.field.value) sessionStorage.setItem(this.draftKey, this.field.value);
    else sessionStorage.removeItem(this.draftKey);
    this.draw();
  }

  private draw(): void {
    const { answering, blocked } = this.state;
    this.button.textContent = answering ? "Stop" : "Send";
    this.button.classList.toggle("button-primary", !answering);
    this.button.disabled = !answering && (blocked !== "" || this.field.value.trim() === "");
    if (this.hint.textContent !== blocked) this.hint.textContent = blocked;
  }
}
