/** One conversation: its turns as a log, and the composer under it. Private to a mount; `panel.ts` opens it. */
import type { Editor } from "@tiptap/core";
import type { Assistant } from "../assistant/assistant";
import { excerpt } from "../assistant/excerpt";
import { type Generation, isOver } from "../assistant/generations";
import type { GenerationInput } from "../assistant/messages";
import { isSmallerOffered, ON_SMALLER, SMALLER_LABEL } from "../assistant/offer";
import { failureSentence } from "../assistant/words";
import { Problem } from "../documents/api";
import { announce, notify } from "../editor/announce";
import { mayEdit } from "../editor/config";
import { CONTINUE_AFTER_CHARACTERS, CONTINUE_BEFORE_CHARACTERS } from "../editor/limits";
import { OnDemand } from "../editor/on-demand";
import { make, makeButton } from "../page/elements";
import { Composer } from "./composer";
import type { Conversation, Conversations } from "./conversations";
import { copyText } from "./copy";
import { isRunning, Thread, type Turn } from "./thread";
import { KEEPS, type TurnSetting, TurnView } from "./turn-view";

/** What a question refers to beside the document. */
export interface Reference {
  quote?: string;
  about?: string;
}

export interface ConversationHost {
  assistant: Assistant;
  editor: Editor;
  conversations: Conversations;
  /** A question makes a conversation of an empty page. */
  began(conversation: Conversation): void;
}

const INSERT_REFUSAL =
  "By a policy the assistant only makes suggestions here: its answers are not put into the text.";

const insertion = new OnDemand("What inserts answers", () => import("./insert"));

const STARTERS = [
  "Sum up this document.",
  "Which places may a reader not understand?",
  "What questions does it leave open?",
];
/** As near to the end as counts as being there: new text then scrolls into view. */
const NEAR_END_PX = 80;

export class ConversationView {
  readonly element = make("div", "chat-conversation");
  private readonly log = make("div", "chat-log");
  private readonly turnsBox = make("div", "chat-turns");
  private readonly earlier = makeButton("Show earlier messages", () => this.loadEarlier());
  private readonly empty = make("div", "chat-empty");
  private readonly composer: Composer;
  private readonly thread = new Thread();
  private readonly views = new Map<string, TurnView>();
  private reference: Reference = {};
  /** What was asked in place of another answer, by its id. */
  private readonly replacing = new Map<string, string>();
  private readonly stop: () => void;
  private frame = 0;
  private gone = false;
  private beginning = false;
  /** The first reading of the turns: before it, what a question follows on is not known. */
  private reading: Promise<unknown> | null = null;

  /** `conversation`: null for one that begins with the first question. */
  constructor(
    private readonly host: ConversationHost,
    private conversation: Conversation | null,
  ) {
    this.log.setAttribute("role", "log");
    this.log.setAttribute("aria-label", "Conversation");
    this.log.tabIndex = 0; // it scrolls
    this.earlier.hidden = true;
    this.composer = new Composer({
      send: (question) => this.ask(question),
      stop: () => this.running && host.assistant.cancel(this.running.id),
      dropReference: () => this.refer({}),
    });
    this.log.append(this.earlier, this.empty, this.turnsBox);
    this.element.append(this.log, this.canAsk ? this.composer.element : readersNote());
    this.composer.open(this.draftKey);
    this.buildEmpty();
    const followed = host.assistant.follow((known) => this.follow(known));
    const changed = host.assistant.availability.onChange(() => this.draw());
    this.stop = () => {
      followed();
      changed();
    };
    this.draw();
  }

  get id(): string | null {
    return this.conversation?.id ?? null;
  }

  /** Not before the server has taken what was asked: a question that it refuses is kept as a draft. */
  destroy(): void {
    this.gone = true;
    cancelAnimationFrame(this.frame);
    if (!this.waits) this.stop();
  }

  focus(): void {
    if (this.canAsk) this.composer.focus();
    else this.log.focus();
  }

  /** Read the latest turns, at first and whenever something may have been missed. Throws Problem. */
  async load(): Promise<void> {
    if (!this.conversation) return;
    const reading = this.readTurns(this.conversation.id);
    this.reading ??= reading.catch(() => {});
    await reading;
  }

  private async readTurns(conversation: string): Promise<void> {
    const first = this.thread.isEmpty;
    this.log.setAttribute("aria-busy", String(first));
    const { items, more } = await this.host.conversations.turns(conversation);
    if (this.gone) return;
    if (first) this.earlier.hidden = !more;
    this.thread.merge(items.map((turn) => this.withLive(turn)));
    this.host.assistant.recall(items.filter(isRunning).map(({ id }) => id));
    this.draw();
    if (first) this.log.scrollTop = this.log.scrollHeight;
  }

  /** It was renamed, shared or taken back. */
  changed(conversation: Conversation): void {
    this.conversation = conversation;
    this.draw();
  }

  /** The connection came or went, or the document ended. */
  redraw(): void {
    this.draw();
  }

  refer(reference: Reference): void {
    this.reference = reference;
    if (reference.about && reference.quote)
      this.composer.refer(`The suggestion for: ${reference.quote}`, "suggestion");
    else if (reference.quote) this.composer.refer(reference.quote, "chosen passage");
    else if (reference.about) this.composer.refer("An answer or suggestion of the assistant’s", "suggestion");
    else this.composer.refer(null, "");
  }

  propose(question: string): void {
    this.composer.propose(question);
  }

  private get canAsk(): boolean {
    return mayEdit(this.host.assistant.config.role);
  }

  /** Why no question can be asked at present. */
  private get whyNot(): string {
    return this.host.assistant.availability.why("chat");
  }

  private get draftKey(): string {
    return `interline.chat.draft.${this.host.assistant.config.document.id}.${this.id ?? "new"}`;
  }

  /** Whether the server has yet to take what was asked. */
  private get waits(): boolean {
    return this.thread.path().some(({ state }) => state === "asked");
  }

  private get running(): Turn | undefined {
    return this.thread.path().find(isRunning);
  }

  // ---------------------------------------------------------------- asking

  private async ask(
    question: string,
    more: { replaces?: string; reference?: Reference; smaller?: boolean } = {},
  ): Promise<void> {
    const reference = more.reference ?? this.reference;
    if (!(await this.isReady(question))) return;
    if (!more.reference) this.refer({});
    const { assistant, editor } = this.host;
    const path = this.thread.path();
    const replaced = more.replaces ? this.thread.get(more.replaces) : undefined;
    const parent = replaced ? replaced.parent : (path.at(-1)?.id ?? null);
    const input: GenerationInput = {
      messages: [{ role: "user", content: question }],
      conversation: this.id,
      ...excerpt(editor.state.doc, editor.state.selection.head, {
        before: CONTINUE_BEFORE_CHARACTERS,
        after: CONTINUE_AFTER_CHARACTERS,
      }),
    };
    if (more.replaces) input.replaces = more.replaces;
    else if (parent) input.after = parent;
    if (reference.quote) input.selection = reference.quote;
    if (reference.about) input.about = reference.about;
    const visibility = this.conversation?.visibility ?? "private";
    const options = more.smaller ? { options: ON_SMALLER } : {};
    const id = assistant.start({ action: "chat", input, visibility, ...options });
    if (more.replaces) this.replacing.set(id, more.replaces);
    const turn = { ...unanswered(id, parent, question, reference), user: assistant.config.user };
    this.thread.put(turn, { follow: true });
    this.draw();
    this.log.scrollTop = this.log.scrollHeight;
    announce("The assistant is reading.");
  }

  /** Whether there is a conversation, and what a question follows on is known; where not, `question` is given back. */
  private async isReady(question: string): Promise<boolean> {
    if (this.beginning) {
      this.composer.giveBack(question);
      return false;
    }
    this.beginning = true;
    try {
      if (!this.conversation && !(await this.begin(question))) return false;
      await this.reading;
    } finally {
      this.beginning = false;
    }
    if (this.gone) this.composer.giveBack(question);
    return !this.gone;
  }

  /** Make the conversation of which this is the first question. */
  private async begin(question: string): Promise<boolean> {
    try {
      this.conversation = await this.host.conversations.begin("private");
      this.composer.moveDraft(this.draftKey);
      this.host.began(this.conversation);
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.composer.giveBack(question);
      notify(error.message);
      return false;
    }
  }

  private follow(known: Generation): void {
    if (known.action !== "chat") return;
    const turn = this.thread.get(known.id);
    if (!turn) {
      if (known.conversation && known.conversation === this.id) this.fetchTurn(known.id);
      return;
    }
    if (known.state === "failed" && known.seq === 0) {
      this.refused(turn, known);
      if (this.gone) this.stop();
      return;
    }
    if (this.gone && known.state !== "asked") {
      this.stop();
      return;
    }
    const now = merged(turn, known);
    this.thread.put(now);
    if (turn.text === "" && now.text !== "" && isRunning(now) && this.isOwn(now))
      announce("The assistant is answering.");
    if (isRunning(turn) && !isRunning(now)) this.ended(now);
    this.drawSoon();
  }

  /** The server did not take the question: it goes back to where it was written. */
  private refused(turn: Turn, { failure }: Generation): void {
    if (!failure) return;
    if (this.composer.giveBack(turn.question)) {
      this.thread.remove(turn.id);
      if (turn.quote || turn.about) this.refer(referenceOf(turn));
      notify(
        failure.code === "invalid" && failure.message ? failure.message : failureSentence(failure, false),
        isSmallerOffered(failure)
          ? { action: { label: SMALLER_LABEL, run: () => this.askSmaller(turn) }, stays: true }
          : {},
      );
    } else {
      this.thread.put({ ...turn, state: "failed", failure });
    }
    this.draw();
  }

  /** Ask again what there were not enough tokens for. */
  private askSmaller(turn: Turn): void {
    if (this.gone || this.running) return;
    this.composer.withdraw(turn.question);
    const replaces = this.replacing.get(turn.id);
    const reference = referenceOf(turn);
    this.ask(turn.question, { reference, smaller: true, ...(replaces ? { replaces } : {}) });
    this.refer({});
  }

  private ended(turn: Turn): void {
    if (!this.isOwn(turn)) return;
    const words = { done: "The answer is complete.", cancelled: "Stopped. What had arrived is kept." };
    const { failure } = turn;
    if (failure)
      announce(failureSentence({ retryAfter: null, offer: null, ...failure }, turn.text !== "", KEEPS));
    else announce(words[turn.state as keyof typeof words] ?? "");
  }

  private isOwn({ user }: Turn): boolean {
    return user.id === this.host.assistant.config.user.id;
  }

  /** Somebody else asked, or we did in another tab. */
  private async fetchTurn(id: string): Promise<void> {
    if (!this.conversation) return;
    const turn = await this.host.conversations.turn(this.conversation.id, id).catch(() => null);
    if (!turn || this.gone || this.thread.get(id)) return;
    this.thread.put(this.withLive(turn));
    this.draw();
  }

  /** What streamed already is further than what was stored. */
  private withLive(turn: Turn): Turn {
    const known = this.host.assistant.get(turn.id);
    return known && isRunning(turn) ? merged(turn, known) : turn;
  }

  private async loadEarlier(): Promise<void> {
    const first = this.thread.first;
    if (!this.conversation || !first) return;
    this.earlier.disabled = true;
    try {
      const { items, more } = await this.host.conversations.turns(this.conversation.id, first);
      const height = this.log.scrollHeight;
      this.thread.prepend(items);
      this.earlier.hidden = !more;
      this.draw();
      this.log.scrollTop += this.log.scrollHeight - height; // what was being read stays in place
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      notify(error.message);
    } finally {
      this.earlier.disabled = false;
    }
  }

  // ---------------------------------------------------------------- drawing

  private buildEmpty(): void {
    this.empty.append(make("p", "", "Ask about this document. Nothing enters the text until you insert it."));
    if (!this.canAsk) return;
    const list = make("ul", "chat-starters");
    for (const words of STARTERS) {
      const button = makeButton(words, () => this.ask(words));
      this.host.assistant.availability.mark(button, "chat");
      list.append(make("li", "", button));
    }
    this.empty.append(list);
  }

  private drawSoon(): void {
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { log } = this;
    const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX;
    const path = this.thread.path();
    const { running } = this;
    log.setAttribute("aria-busy", String(Boolean(running)));
    this.empty.hidden =
      path.length > 0 || (this.conversation !== null && log.getAttribute("aria-busy") === "true");
    const setting = this.setting();
    const elements = path.map((turn) =>
      this.viewOf(turn, { ...setting, siblings: this.thread.siblings(turn) }),
    );
    const shown = [...this.turnsBox.children];
    if (shown.length !== elements.length || shown.some((child, at) => child !== elements[at]))
      this.turnsBox.replaceChildren(...elements);
    this.composer.set({
      answering: running !== undefined && this.mayStop(running),
      blocked: this.blocked(running),
    });
    if (isAtEnd) log.scrollTop = log.scrollHeight;
  }

  private setting(): Omit<TurnSetting, "siblings"> {
    return {
      named: this.conversation?.visibility === "shared",
      canAsk: this.canAsk && this.host.assistant.isReachable && !this.running && !this.whyNot,
      canInsert: this.host.editor.isEditable,
      insertRefusal: (this.host.assistant.policy?.mode ?? "full") === "full" ? "" : INSERT_REFUSAL,
    };
  }

  private viewOf(turn: Turn, setting: TurnSetting): HTMLElement {
    let view = this.views.get(turn.id);
    if (!view) {
      view = new TurnView(turn, {
        copy: (_turn, words) => this.copy(words),
        insert: (which) => this.insert(which),
        again: (which) => this.ask(which.question, { replaces: which.id, reference: referenceOf(which) }),
        edit: (which, question) => this.ask(question, { replaces: which.id, reference: referenceOf(which) }),
        choose: (id) => {
          this.thread.choose(id);
          this.draw();
        },
      });
      this.views.set(turn.id, view);
    }
    view.update(turn, setting);
    return view.element;
  }

  private mayStop({ user }: Turn): boolean {
    const { config } = this.host.assistant;
    return user.id === config.user.id || config.role === "owner";
  }

  private blocked(running: Turn | undefined): string {
    if (!this.host.assistant.isReachable)
      return "The assistant cannot be reached. What you write is kept; send it when the connection is back.";
    if (!running) return this.whyNot;
    const own = running.user.id === this.host.assistant.config.user.id;
    return own ? "The assistant is answering." : `The assistant is answering ${running.user.name}.`;
  }

  private async copy(words: string): Promise<void> {
    const copied = await copyText(words);
    if (copied) announce("Copied.");
    else notify("The browser does not let this page copy. Select the text and copy it by hand.");
  }

  private async insert(turn: Turn): Promise<void> {
    const { editor, assistant } = this.host;
    const { insertAnswer } = await insertion.wanted();
    if (!editor.isEditable || !insertAnswer(editor, turn.text, turn.id)) return;
    assistant.decide({ id: turn.id, edit_id: `insert-${Date.now().toString(36)}`, decision: "accepted" });
    editor.commands.focus();
    announce("Inserted into the text. Undo takes it out again.");
  }
}

function referenceOf({ quote, about }: Turn): Reference {
  return { ...(quote ? { quote } : {}), ...(about ? { about } : {}) };
}

function unanswered(id: string, parent: string | null, question: string, reference: Reference) {
  return {
    id,
    parent,
    question,
    quote: reference.quote ?? "",
    about: reference.about ?? null,
    state: "asked" as const,
    text: "",
    model: "",
    demo: false,
    failure: null,
    created_at: new Date().toISOString(),
  };
}

function merged(turn: Turn, known: Generation): Turn {
  const { text, model, demo, failure, notes } = known;
  const state = isOver(known) ? (known.state as Turn["state"]) : known.seq > 0 ? "running" : turn.state;
  return {
    ...turn,
    text,
    state,
    held: known.held,
    model: model || turn.model,
    demo: known.seq > 0 ? demo : turn.demo,
    failure,
    notes,
  };
}

function readersNote(): HTMLElement {
  return make("p", "chat-hint chat-readers", "Your role here lets you read shared conversations, not ask.");
}
