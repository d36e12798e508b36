/** The rail's panel of comments: those that are open or resolved, in the order of the text, and a field for a new one. */
import { announce } from "../editor/announce";
import { isOutOfSight, make, makeButton } from "../page/elements";
import { ThreadCard } from "./card";
import type { Thread } from "./comment";
import { type About, type Comments, WHOLE } from "./comments";
import { Stretch } from "./stretch";
import { WordsForm } from "./words-form";

export class CommentsPanel {
  private readonly top = make("div", "comments-top");
  private readonly home = make("div", "comments-new");
  private readonly empty = make("p", "panel-empty");
  private readonly list = make("div", "cards");
  private readonly earlier = makeButton("", () => this.showMore(-1));
  private readonly later = makeButton("", () => this.showMore(1));
  /** Which of the cards are made: of thousands, those at hand. */
  private readonly stretch = new Stretch();
  private shown: readonly Thread[] = [];
  private readonly cards = new Map<string, ThreadCard>();
  private readonly openTab: HTMLButtonElement;
  private readonly resolvedTab: HTMLButtonElement;
  private readonly whole: HTMLButtonElement;
  private form: WordsForm | null = null;
  private resolved = false;
  private frame = 0;

  constructor(
    private readonly container: HTMLElement,
    private readonly comments: Comments,
  ) {
    this.openTab = this.filter("Open", false);
    this.resolvedTab = this.filter("Resolved", true);
    const filters = make("div", "comments-filter", this.openTab, this.resolvedTab);
    filters.setAttribute("role", "group");
    filters.setAttribute("aria-label", "Which comments");
    this.whole = makeButton("", () => this.begin(WHOLE), {
      kind: "icon",
      icon: "message-square-plus",
      label: "Comment on the document",
    });
    this.top.append(filters, this.whole);
    container.append(this.top, this.home, this.empty, this.earlier, this.list, this.later);
    for (const more of [this.earlier, this.later]) more.classList.add("comments-more");
    container.addEventListener("focusout", (event) => {
      if (!container.contains(event.relatedTarget as Node | null)) comments.places.activate(null);
    });
    this.list.addEventListener("pointerleave", () => {
      if (!container.contains(document.activeElement)) comments.places.activate(null);
    });
    const kept = recall(this.aboutKey);
    if (kept && comments.mayComment) this.openForm(kept);
    this.draw();
  }

  /** Draw with the next frame what changed; nothing while it is out of sight. */
  update(): void {
    if (!isOutOfSight(this.container)) this.frame ||= requestAnimationFrame(() => this.draw());
  }

  /** Have something said about a passage; unsent words about another go along. */
  begin(about: About): void {
    this.openForm(about);
    this.form?.focus();
    this.home.scrollIntoView({ block: "nearest" });
  }

  /** Bring a card into view. */
  show(id: string, { focus }: { focus: boolean }): void {
    const thread = this.comments.store.get(id);
    if (!thread) return;
    this.choose(thread.resolved_at !== null);
    if (this.stretch.hold(this.shown.findIndex((one) => one.id === id))) this.drawList();
    const card = this.cards.get(id);
    if (focus) card?.focus();
    else card?.element.scrollIntoView({ block: "nearest" });
    for (const [other, { element }] of this.cards) element.classList.toggle("card-shown", other === id);
  }

  private get aboutKey(): string {
    return `interline.comment.${this.comments.documentId}.about`;
  }

  private filter(label: string, resolved: boolean): HTMLButtonElement {
    const button = makeButton(label, () => this.choose(resolved));
    button.className = "chip";
    return button;
  }

  private choose(resolved: boolean): void {
    if (this.resolved !== resolved) {
      this.resolved = resolved;
      this.stretch.reset();
      this.comments.drawResolved(resolved);
    }
    this.draw();
  }

  private openForm(about: About): void {
    const { store, documentId } = this.comments;
    sessionStorage.setItem(this.aboutKey, JSON.stringify(about));
    const close = () => {
      sessionStorage.removeItem(this.aboutKey);
      this.form = null;
      this.home.replaceChildren();
    };
    this.form = new WordsForm({
      label: "Your comment",
      send: "Comment",
      draftKey: `interline.comment.${documentId}.new`,
      open: true,
      people: () => store.people(),
      say: async (words) => {
        const thread = await store.begin(words, about.anchor, about.quote);
        close();
        announce("Your comment was sent.");
        this.show(thread.id, { focus: true });
      },
      cancel: () => {
        close();
        this.comments.leave();
      },
    });
    const quote = about.anchor
      ? make("blockquote", "thread-quote", about.quote)
      : make("p", "thread-whole", "On the document");
    this.home.replaceChildren(make("div", "card comment-new", quote, this.form.element));
  }

  private draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { store, places, mayComment } = this.comments;
    const all = store.all();
    const resolved = all.filter(({ resolved_at }) => resolved_at !== null);
    const open = all.filter(({ resolved_at }) => resolved_at === null);
    this.drawFilter(this.openTab, "Open", open.length, !this.resolved);
    this.drawFilter(this.resolvedTab, "Resolved", resolved.length, this.resolved);
    this.whole.hidden = !mayComment;
    this.shown = inOrder(this.resolved ? resolved : open, places.order());
    this.drawList();
    this.empty.hidden = this.shown.length > 0;
    this.empty.textContent = this.emptyWords();
  }

  private drawList(): void {
    const { first, last } = this.stretch.within(this.shown.length);
    this.drawCards(this.shown.slice(first, last));
    drawMore(this.earlier, first, "earlier");
    drawMore(this.later, this.shown.length - last, "later");
  }

  /** Make the cards before (-1) or after (1) those that are there, and give the keys to the first of them. */
  private showMore(direction: -1 | 1): void {
    const { first, last } = this.stretch.within(this.shown.length);
    this.stretch.grow(direction);
    this.drawList();
    const next = this.shown[direction < 0 ? first - 1 : last];
    if (next) this.cards.get(next.id)?.focus();
  }

  private drawFilter(button: HTMLButtonElement, label: string, count: number, pressed: boolean): void {
    button.textContent = count > 0 ? `${label} ${count}` : label;
    button.setAttribute("aria-pressed", String(pressed));
  }

  private emptyWords(): string {
    const { store, mayComment } = this.comments;
    if (store.isAway) return "The comments cannot be read right now. They come when the connection is back.";
    if (!store.isKnown) return "Reading the comments…";
    if (this.resolved) return "No comment is resolved yet.";
    return mayComment
      ? "No open comments. Select some text and choose Comment above it, or press Alt Shift M."
      : "No open comments.";
  }

  private drawCards(threads: readonly Thread[]): void {
    const focused = document.activeElement;
    const ids = new Set(threads.map(({ id }) => id));
    for (const id of this.cards.keys()) if (!this.comments.store.get(id)) this.cards.delete(id);
    const elements = threads.map((thread) => {
      const known = this.cards.get(thread.id);
      const card = known ?? new ThreadCard(this.comments, thread, (id) => this.focusBeside(id));
      if (known) known.update(thread);
      this.cards.set(thread.id, card);
      return card.element;
    });
    for (const [id, { element }] of this.cards) if (!ids.has(id)) element.classList.remove("card-shown");
    const same =
      elements.length === this.list.children.length &&
      elements.every((element, at) => element === this.list.children[at]);
    if (same) return;
    this.list.replaceChildren(...elements);
    // Moving an element takes the focus from what is in it.
    if (focused instanceof HTMLElement && this.list.contains(focused)) focused.focus({ preventScroll: true });
  }

  /** Give the keys to the card after this one, which leaves the list. */
  private focusBeside(id: string): void {
    const shown = [...this.list.querySelectorAll<HTMLElement>("[data-thread]")];
    const at = shown.findIndex(({ dataset }) => dataset.thread === id);
    (shown[at + 1] ?? shown[at - 1] ?? this.openTab).focus({ preventScroll: true });
  }
}

function drawMore(button: HTMLButtonElement, count: number, where: string): void {
  button.hidden = count === 0;
  button.textContent = `Show ${where} comments (${count})`;
}

/** About the whole document first, then as the passages stand in the text, then those whose text is gone. */
function inOrder(threads: readonly Thread[], places: ReadonlyMap<string, number>): Thread[] {
  const place = ({ id, anchor }: Thread) =>
    anchor === null ? -1 : (places.get(id) ?? Number.POSITIVE_INFINITY);
  return threads.toSorted((one, other) => {
    const [first, second] = [place(one), place(other)];
    return first === second ? one.created_at.localeCompare(other.created_at) : first - second;
  });
}

function recall(key: string): About | null {
  try {
    const { anchor, quote } = JSON.parse(sessionStorage.getItem(key) ?? "null") as About;
    return { anchor: anchor ?? null, quote: String(quote ?? "") };
  } catch {
    return null;
  }
}
