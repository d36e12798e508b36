/** A thread as a card: the passage, what was said about it, and a field to answer in. */
import { announce } from "../editor/announce";
import { make, makeButton } from "../page/elements";
import { nameOf, type Thread } from "./comment";
import { CommentView, done, moment } from "./comment-view";
import type { Comments } from "./comments";
import { WordsForm } from "./words-form";

const QUOTE_SHOWN_CHARACTERS = 140;

export class ThreadCard {
  readonly element = make("article", "card thread-card");
  private readonly top = make("div", "thread-top");
  private readonly said = make("ol", "thread-comments");
  private readonly foot = make("div", "thread-foot");
  private readonly views = new Map<string, CommentView>();
  private readonly answer: WordsForm;
  private key = "";

  /** `leaving`: it is resolved here and leaves the list, with the keys still in it. */
  constructor(
    private readonly comments: Comments,
    private thread: Thread,
    private readonly leaving: (id: string) => void,
  ) {
    const { id } = thread;
    const { store, documentId } = comments;
    this.element.dataset.thread = id;
    this.element.tabIndex = -1;
    this.answer = new WordsForm({
      label: "Answer…",
      send: "Answer",
      draftKey: `interline.comment.${documentId}.${id}`,
      people: () => store.people(),
      say: async (words) => {
        await store.reply(id, words);
        announce("Your answer was sent.");
      },
    });
    this.foot.append(this.answer.element);
    this.element.append(this.top, this.said, this.foot);
    this.element.addEventListener("focusin", () => comments.places.activate(id));
    this.element.addEventListener("pointerenter", () => comments.places.activate(id));
    this.update(thread);
  }

  /** Whether something is written in it that was not sent. */
  get hasWords(): boolean {
    return !this.answer.isEmpty || this.said.querySelector("form") !== null;
  }

  update(thread: Thread): void {
    this.thread = thread;
    const { mayComment, places } = this.comments;
    const isThere = thread.anchor === null || places.range(thread.id) !== null;
    const key = JSON.stringify([
      thread.quote,
      thread.anchor === null,
      thread.resolved_at,
      isThere,
      mayComment,
    ]);
    if (key !== this.key) {
      this.key = key;
      this.drawTop(isThere);
    }
    this.element.setAttribute("aria-label", label(thread));
    this.foot.hidden = !mayComment;
    this.drawSaid();
  }

  focus(): void {
    this.element.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "nearest" });
  }

  private drawTop(isThere: boolean): void {
    const { id, anchor, quote, resolved_at, resolved_by } = this.thread;
    const { mayComment } = this.comments;
    const shown =
      quote.length > QUOTE_SHOWN_CHARACTERS ? `${quote.slice(0, QUOTE_SHOWN_CHARACTERS)}…` : quote;
    const about = make("div", "thread-about");
    if (anchor === null) about.append(make("p", "thread-whole", "On the document"));
    else if (isThere) {
      const jump = makeButton("", () => this.comments.reveal(id), { label: "Show in the text" });
      jump.className = "thread-quote";
      jump.setAttribute("aria-label", `Show in the text: ${shown}`);
      jump.append(shown);
      about.append(jump);
    } else {
      about.append(
        make("p", "thread-lost", "The text this was about is gone:"),
        make("blockquote", "thread-quote", shown),
      );
    }
    if (resolved_at)
      about.append(
        make("p", "thread-resolved", `Resolved by ${nameOf(resolved_by)}, ${moment(resolved_at)}`),
      );
    this.top.replaceChildren(about);
    if (!mayComment) return;
    const button = resolved_at
      ? makeButton("", () => this.resolve(false), { kind: "icon", icon: "rotate-ccw", label: "Open again" })
      : makeButton("", () => this.resolve(true), { kind: "icon", icon: "check", label: "Resolve" });
    this.top.append(button);
  }

  private drawSaid(): void {
    const { comments: said, id } = this.thread;
    const known = new Set(said.map((comment) => comment.id));
    for (const gone of this.views.keys()) if (!known.has(gone)) this.views.delete(gone);
    const elements = said.map((comment) => {
      const view = this.views.get(comment.id);
      if (view) view.update(comment);
      const shown = view ?? new CommentView(this.comments, id, comment);
      this.views.set(comment.id, shown);
      return shown.element;
    });
    const same =
      elements.length === this.said.children.length &&
      elements.every((element, at) => element === this.said.children[at]);
    if (!same) this.said.replaceChildren(...elements);
  }

  private async resolve(resolved: boolean): Promise<void> {
    const { id } = this.thread;
    if (resolved && this.element.contains(document.activeElement)) this.leaving(id);
    if (!(await done(this.comments.store.resolve(id, resolved)))) return;
    announce(resolved ? "The comment is resolved." : "The comment is open again.");
    if (!resolved) this.comments.show(id, { focus: true });
  }
}

function label({ quote, comments: [first] }: Thread): string {
  const about = quote ? ` on “${quote.slice(0, QUOTE_SHOWN_CHARACTERS)}”` : "";
  return `Comments by ${nameOf(first?.user ?? null)}${about}`;
}
