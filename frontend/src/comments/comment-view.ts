/** One comment in a card: who, when, what, and what can be done with it. */
import { Problem } from "../documents/api";
import { announce, notify } from "../editor/announce";
import { make, makeButton } from "../page/elements";
import { openReport } from "../reports/dialog";
import { type Comment, nameOf, type Person } from "./comment";
import type { Comments } from "./comments";
import { pieces } from "./mentions";
import { dot, WordsForm } from "./words-form";

const PLACEHOLDERS = {
  removed: "This comment was removed.",
  withheld: "A reviewer has removed this comment.",
  held: "This comment waits for a reviewer.",
};
const HELD_OWN = "Others see this when a reviewer has looked at it.";
const GREY = "#736c62";

export class CommentView {
  readonly element = make("li", "comment");
  private key = "";
  private form: WordsForm | null = null;

  constructor(
    private readonly comments: Comments,
    private readonly thread: string,
    private comment: Comment,
  ) {
    this.update(comment);
  }

  update(comment: Comment): void {
    const { mayComment, ownsDocument } = this.comments;
    const key = JSON.stringify([comment, mayComment, ownsDocument]);
    if (key === this.key) return;
    this.key = key;
    this.comment = comment;
    if (this.form && comment.state === "shown") return; // drawn when its words are done with
    this.draw();
  }

  private draw(): void {
    const { comment } = this;
    const { user, state } = comment;
    this.form = null;
    this.element.dataset.comment = comment.id;
    this.element.dataset.state = state;
    const who = make("span", "comment-who", nameOf(user));
    const top = make("div", "comment-top", dot({ color: user?.color ?? GREY }), who, this.when());
    this.element.replaceChildren(top, ...this.body());
    if (state === "shown" || state === "held") top.append(this.tools());
    if (state === "removed" && comment.can_restore && this.comments.mayComment)
      this.element.append(
        make(
          "div",
          "card-actions",
          makeButton("Restore", () => this.restore(), { icon: "undo-2" }),
        ),
      );
  }

  private when(): HTMLElement {
    const { created_at, edited_at } = this.comment;
    const time = make("time", "", shortMoment(created_at));
    time.dateTime = created_at;
    time.title = moment(created_at);
    const line = make("span", "comment-when", time);
    if (edited_at) {
      const edited = make("span", "", " · edited");
      edited.title = moment(edited_at);
      line.append(edited);
    }
    return line;
  }

  private body(): HTMLElement[] {
    const { body, mentions, state } = this.comment;
    if (!body) return [make("p", "comment-gone", PLACEHOLDERS[state === "shown" ? "removed" : state])];
    const words = make(
      "p",
      "comment-body",
      ...withMentions(body, mentions, this.comments.assistant.config.user.id),
    );
    return state === "held" ? [words, make("p", "comment-gone", HELD_OWN)] : [words];
  }

  private tools(): HTMLElement {
    const row = make("span", "comment-tools");
    const whose = nameOf(this.comment.user);
    const own = this.comment.user?.id === this.comments.assistant.config.user.id;
    const tool = (name: string, label: string, run: () => void) =>
      row.append(makeButton("", run, { kind: "icon", icon: name, label }));
    if (own && this.comments.mayComment) tool("pencil", "Edit your comment", () => this.edit());
    if ((own && this.comments.mayComment) || this.comments.ownsDocument)
      tool("trash-2", own ? "Delete your comment" : `Delete the comment of ${whose}`, () => this.ask());
    if (!own && this.comment.state === "shown")
      tool("flag", `Report the comment of ${whose}`, () => this.report());
    return row;
  }

  private edit(): void {
    const { store, documentId } = this.comments;
    const { id, body } = this.comment;
    const done = () => {
      this.form = null;
      this.draw();
      this.element.querySelector<HTMLElement>("button")?.focus();
    };
    this.form = new WordsForm({
      label: "Your comment",
      send: "Save",
      draftKey: `interline.comment.${documentId}.edit.${id}`,
      body,
      open: true,
      people: () => store.people(),
      say: async (words) => {
        await store.edit(this.thread, id, { body: words.body, mentions: words.mentions });
        done();
        announce("Your comment was changed.");
      },
      cancel: done,
    });
    this.element.querySelector(".comment-body")?.replaceWith(this.form.element);
    this.element.querySelector(".comment-tools")?.remove();
    this.form.focus();
  }

  /** Ask before it is deleted. */
  private ask(): void {
    const keep = () => {
      this.draw();
      this.element.querySelector<HTMLElement>(".comment-tools button")?.focus();
    };
    const sure = makeButton("Delete", () => this.remove(), { kind: "danger" });
    const row = make(
      "div",
      "comment-confirm",
      make("p", "", "Delete this comment?"),
      make("div", "card-actions", sure, makeButton("Keep", keep, { kind: "quiet" })),
    );
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", "Delete this comment?");
    row.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      keep();
    });
    this.element.querySelector(".comment-tools")?.remove();
    this.element.append(row);
    sure.focus();
  }

  private async remove(): Promise<void> {
    const { store } = this.comments;
    const { id } = this.comment;
    if (!(await done(store.remove(this.thread, id)))) return this.draw();
    notify("The comment was deleted.", {
      action: { label: "Undo", run: () => done(store.restore(this.thread, id)) },
    });
  }

  private async restore(): Promise<void> {
    if (await done(this.comments.store.restore(this.thread, this.comment.id)))
      announce("The comment is back.");
  }

  private report(): void {
    openReport("Report this comment", this.comments.store.reportPath(this.thread, this.comment.id));
  }
}

/** Whether it went well; what went wrong is told. */
export async function done(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    notify(error.message);
    return false;
  }
}

export function moment(when: string): string {
  return new Date(when).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

/** The time of today, the day of this year. */
function shortMoment(when: string): string {
  const at = new Date(when);
  const now = new Date();
  if (at.toDateString() === now.toDateString()) return at.toLocaleTimeString([], { timeStyle: "short" });
  const year = at.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return at.toLocaleDateString([], { day: "numeric", month: "short", year });
}

function withMentions(body: string, people: readonly Person[], me: string): (Node | string)[] {
  return pieces(body, people).map(({ text, person }) =>
    person ? make("span", person.id === me ? "mention mention-me" : "mention", text) : text,
  );
}
