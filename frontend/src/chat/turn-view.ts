/** One turn of a conversation: the question, the answer as it streams, and what can be done with it. */
import { failureSentence } from "../assistant/words";
import { make, makeButton } from "../page/elements";
import { reportGeneration } from "../reports/report";
import { MarkdownStream } from "./markdown";
import { isRunning, type Turn } from "./thread";

export interface TurnActions {
  copy(turn: Turn, words: string): void;
  insert(turn: Turn): void;
  /** Ask the same again, in this turn's place. */
  again(turn: Turn): void;
  /** Ask something else in this turn's place. */
  edit(turn: Turn, question: string): void;
  choose(id: string): void;
}

/** What a turn looks like beside itself. */
export interface TurnSetting {
  /** The turns in the same place, this one among them. */
  siblings: readonly Turn[];
  /** Say who asked: other people may. */
  named: boolean;
  /** Whether questions can be asked here. */
  canAsk: boolean;
  canInsert: boolean;
  /** Why an answer may not be put into the text, in words; empty where it may be. */
  insertRefusal: string;
}

export const KEEPS = "What had arrived is kept here.";

export class TurnView {
  readonly element = make("article", "turn");
  private readonly question = make("div", "turn-question");
  private readonly answer = make("div", "turn-answer");
  private readonly note = make("p", "turn-note");
  private readonly remarks = make("div", "turn-remarks");
  private readonly tools = make("div", "turn-tools");
  private readonly markdown = new MarkdownStream(this.answer);
  private drawn = "";
  private editing: HTMLFormElement | null = null;

  constructor(
    private turn: Turn,
    private readonly actions: TurnActions,
  ) {
    this.element.append(this.question, this.answer, this.note, this.remarks, this.tools);
  }

  update(turn: Turn, setting: TurnSetting): void {
    this.turn = turn;
    const running = isRunning(turn);
    this.element.setAttribute("aria-busy", String(running));
    this.answer.classList.toggle("writing", running);
    this.markdown.show(turn.text, !running);
    const { siblings, named, canAsk, canInsert } = setting;
    const place = siblings.findIndex(({ id }) => id === turn.id);
    const state = [
      turn.state,
      place,
      siblings.length,
      named,
      canAsk,
      canInsert,
      setting.insertRefusal,
      turn.text === "",
      turn.held,
      turn.notes?.length,
    ].join();
    if (state === this.drawn) return;
    this.drawn = state;
    this.drawQuestion(setting);
    this.drawNote();
    this.drawTools(setting, place);
  }

  private drawQuestion({ named, canAsk }: TurnSetting): void {
    if (this.editing) return;
    const { question, quote, about, user } = this.turn;
    this.question.replaceChildren();
    if (named) this.question.append(make("p", "turn-who", user.name));
    if (quote) this.question.append(make("blockquote", "chat-quote", quote));
    if (about) this.question.append(make("p", "turn-about", "About an answer of the assistant’s"));
    this.question.append(make("p", "turn-words", question));
    if (canAsk && !isRunning(this.turn))
      this.question.append(
        makeButton("Edit", () => this.edit(), { kind: "quiet", label: "Edit this question and ask again" }),
      );
  }

  private drawNote(): void {
    const { state, text, failure, demo, held } = this.turn;
    const partial = text.trim() !== "";
    let words = "";
    if (isRunning(this.turn) && held) words = "Checking…";
    else if (isRunning(this.turn) && !partial) words = "Reading…";
    else if (state === "failed" && failure)
      words = failureSentence({ retryAfter: null, offer: null, ...failure }, partial, KEEPS);
    else if (state === "cancelled") words = partial ? "Stopped. What had arrived is kept." : "Stopped.";
    else if (state === "done" && !partial) words = "The assistant had nothing to say to this.";
    else if (state === "done" && demo) words = "Demo model";
    this.note.textContent = words;
    this.remarks.replaceChildren(
      ...(this.turn.notes ?? []).map(({ message }) => make("p", "turn-remark", message)),
    );
    this.note.classList.toggle("problem", state === "failed");
  }

  private drawTools({ siblings, canAsk, canInsert, insertRefusal }: TurnSetting, place: number): void {
    this.tools.replaceChildren();
    if (siblings.length > 1) this.tools.append(this.switcher(siblings, place));
    if (isRunning(this.turn)) return;
    const { turn } = this;
    const quiet = { kind: "quiet" } as const;
    if (turn.text.trim()) {
      if (canInsert) {
        const insert = makeButton("Insert", () => this.actions.insert(this.turn), {
          ...quiet,
          label: "Insert this answer into the text",
        });
        insert.disabled = insertRefusal !== "";
        insert.title = insertRefusal || insert.title;
        this.tools.append(insert);
      }
      this.tools.append(
        makeButton("Copy", () => this.actions.copy(this.turn, this.answer.innerText), quiet),
        makeButton("Copy Markdown", () => this.actions.copy(this.turn, this.turn.text), quiet),
        makeButton("Report…", () => reportGeneration(turn.id), quiet),
      );
    }
    if (canAsk)
      this.tools.append(
        makeButton(
          turn.state === "failed" ? "Try again" : "Ask again",
          () => this.actions.again(this.turn),
          quiet,
        ),
      );
  }

  private switcher(siblings: readonly Turn[], place: number): HTMLElement {
    const step = (to: number, words: string, label: string) => {
      const target = siblings[to];
      const button = makeButton(words, () => target && this.actions.choose(target.id), {
        kind: "quiet",
        label,
      });
      button.disabled = !target;
      return button;
    };
    const count = make("span", "turn-count", `${place + 1} of ${siblings.length}`);
    const group = make(
      "span",
      "turn-versions",
      step(place - 1, "‹", "Earlier version"),
      count,
      step(place + 1, "›", "Later version"),
    );
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "Versions of this question and answer");
    return group;
  }

  private edit(): void {
    const field = make("textarea", "chat-question-field");
    field.value = this.turn.question;
    field.setAttribute("aria-label", "Your question");
    const submit = makeButton("Ask", () => {}, { kind: "primary" });
    submit.type = "submit";
    const close = () => {
      this.editing = null;
      this.drawn = "";
      form.remove();
      this.question.hidden = false;
      this.question.querySelector("button")?.focus();
    };
    const form = make(
      "form",
      "turn-edit",
      field,
      make("div", "card-actions", submit, makeButton("Cancel", close)),
    );
    const send = () => {
      const question = field.value.trim();
      if (!question) return;
      close();
      this.actions.edit(this.turn, question);
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.preventDefault();
        close();
      } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target === field) {
        event.preventDefault();
        send();
      }
    });
    this.editing = form;
    this.question.hidden = true;
    this.question.after(form);
    field.focus();
  }
}
