/** The chat panel of the rail: the list of conversations, or one of them. */
import type { Editor } from "@tiptap/core";
import type { Assistant } from "../assistant/assistant";
import { Problem, refusalOf } from "../documents/api";
import { announce, notify } from "../editor/announce";
import { mayEdit, type Role } from "../editor/config";
import { openDialog } from "../editor/dialog";
import { make, makeButton } from "../page/elements";
import { ConversationView, type Reference } from "./conversation-view";
import { type Conversation, Conversations, TITLE_MAX_CHARACTERS, titleOf } from "./conversations";

export class ChatPanel {
  private readonly conversations: Conversations;
  private readonly top = make("div", "chat-top");
  private readonly body = make("div", "chat-body");
  private view: ConversationView | null = null;
  private open: Conversation | null = null;
  private mayAsk: boolean;

  constructor(
    container: HTMLElement,
    private readonly editor: Editor,
    private readonly assistant: Assistant,
  ) {
    this.conversations = new Conversations(assistant.config.document.id);
    this.mayAsk = mayEdit(assistant.config.role);
    container.classList.add("chat-panel");
    container.append(this.top, this.body);
    assistant.onConversation((id) => this.changed(id));
    assistant.onReachable(() => this.view?.redraw());
    assistant.onPolicy(() => this.view?.redraw());
    assistant.onRole((role) => this.roleIs(role));
    assistant.onHello(() => this.attempt(async () => this.view?.load()));
    this.start();
  }

  /** Another role asks, or only reads: the conversation is opened again as it may be used now. */
  private roleIs(role: Role): void {
    if (mayEdit(role) === this.mayAsk) return; // every connection says it; what is being asked stays
    this.mayAsk = mayEdit(role);
    queueMicrotask(() => this.view && this.showConversation(this.open));
  }

  /** Ask about something: in the conversation that is open, or in a new one. */
  refer(reference: Reference, question = ""): void {
    if (!this.view) this.showConversation(null);
    this.view?.refer(reference);
    if (question) this.view?.propose(question);
    this.view?.focus();
  }

  private get memory(): string {
    return `interline.chat.${this.assistant.config.document.id}`;
  }

  /** Where one was, else an empty page to ask on; for readers, what others share. */
  private async start(): Promise<void> {
    const last = localStorage.getItem(this.memory);
    const found = last ? await this.conversations.read(last).catch((error: unknown) => error) : null;
    if (this.view) return; // something was asked meanwhile
    if (found instanceof Problem && found.status !== 404) notify(found.message);
    else if (found instanceof Problem) localStorage.removeItem(this.memory);
    if (found && !(found instanceof Error)) this.showConversation(found as Conversation);
    else if (mayEdit(this.assistant.config.role)) this.showEmpty();
    else this.showList();
  }

  /** A page to ask on, as long as nothing else was chosen. */
  private showEmpty(): void {
    const last = localStorage.getItem(this.memory);
    this.showConversation(null);
    if (last) localStorage.setItem(this.memory, last); // it could only not be read now
  }

  private showConversation(conversation: Conversation | null): void {
    this.view?.destroy();
    this.open = conversation;
    this.remember();
    const { editor, assistant, conversations } = this;
    const began = (made: Conversation) => {
      this.open = made;
      this.remember();
      this.drawTop();
    };
    this.view = new ConversationView({ editor, assistant, conversations, began }, conversation);
    this.body.replaceChildren(this.view.element);
    this.drawTop();
    const { view } = this;
    this.attempt(() => view.load());
  }

  private remember(): void {
    if (this.open) localStorage.setItem(this.memory, this.open.id);
    else localStorage.removeItem(this.memory);
  }

  private async changed(id: string): Promise<void> {
    if (!this.view) this.refreshList();
    if (this.open?.id !== id) return;
    const { view } = this;
    const now = await this.conversations.read(id).catch((error: unknown) => error);
    if (this.view !== view) return; // what was read of it may be older than what is shown: a deletion, undone
    if (now instanceof Problem && now.status === 404) {
      notify("This conversation is not there any more: it was deleted, or is private now.");
      this.showConversation(null);
    } else if (!(now instanceof Error)) {
      this.open = now as Conversation;
      this.view?.changed(this.open);
      this.drawTop();
    }
  }

  // ---------------------------------------------------------------- one conversation's head

  private drawTop(): void {
    const { open } = this;
    const hadFocus = this.top.contains(document.activeElement);
    const back = makeButton("", () => this.showList(true), {
      icon: "list",
      kind: "icon",
      label: "All conversations",
    });
    const title = make("h2", "chat-title", open ? titleOf(open) : "New conversation");
    const row = make("div", "chat-top-row", back, title);
    if (open && mayEdit(this.assistant.config.role))
      row.append(
        makeButton("", () => this.showConversation(null), {
          icon: "plus",
          kind: "icon",
          label: "New conversation",
        }),
      );
    this.top.replaceChildren(row, make("p", "chat-sharing", this.sharing()));
    if (open) this.top.append(this.tools(open));
    if (hadFocus) back.focus();
  }

  private sharing(): string {
    const { open } = this;
    if (!open || open.visibility === "private") return "Private: only you see it.";
    return open.own ? "Shared with everybody in the document." : `Shared by ${open.user.name}.`;
  }

  private tools(open: Conversation): HTMLElement {
    const tools = make("div", "chat-tools");
    const { role } = this.assistant.config;
    const quiet = { kind: "quiet" } as const;
    if (open.own || role === "owner") tools.append(makeButton("Rename", () => this.rename(open), quiet));
    if (open.own)
      tools.append(
        open.visibility === "private"
          ? makeButton("Share", () => this.share(open), quiet)
          : makeButton("Make private", () => this.setVisibility(open, "private"), quiet),
      );
    if (open.own || role === "owner") tools.append(makeButton("Delete", () => this.remove(open), quiet));
    return tools;
  }

  private rename(open: Conversation): void {
    const dialog = openDialog("Rename the conversation");
    const field = make("input", "chat-name");
    field.value = open.title;
    field.maxLength = TITLE_MAX_CHARACTERS;
    field.setAttribute("aria-label", "Name of the conversation");
    const save = makeButton("Rename", () => {}, { kind: "primary" });
    save.type = "submit";
    const form = make("form", "dialog-form", field, make("div", "card-actions", save));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      dialog.close();
      this.attempt(async () => this.took(await this.conversations.rename(open.id, field.value)));
    });
    dialog.body.append(form);
    field.select();
  }

  private share(open: Conversation): void {
    this.confirm(
      "Share this conversation?",
      "Everybody in the document will see it, with all that was said so far. You can make it private again.",
      "Share",
      () => this.setVisibility(open, "shared"),
    );
  }

  private setVisibility(open: Conversation, visibility: Conversation["visibility"]): void {
    this.attempt(async () => {
      this.took(await this.conversations.setVisibility(open.id, visibility));
      announce(this.sharing());
    });
  }

  private took(changed: Conversation): void {
    if (this.open?.id !== changed.id) return;
    this.open = changed;
    this.view?.changed(changed);
    this.drawTop();
  }

  private remove(open: Conversation): void {
    this.confirm(
      "Delete this conversation?",
      "It goes at once, for everybody who sees it. What was inserted into the text stays.",
      "Delete",
      () =>
        this.attempt(async () => {
          await this.conversations.remove(open.id);
          this.showConversation(null);
          this.view?.focus();
          notify("The conversation was deleted.", {
            action: { label: "Undo", run: () => this.restore(open) },
          });
        }),
    );
  }

  private restore(gone: Conversation): void {
    this.attempt(async () => this.showConversation(await this.conversations.restore(gone.id)));
  }

  private confirm(heading: string, words: string, action: string, run: () => void): void {
    const dialog = openDialog(heading);
    const act = makeButton(
      action,
      () => {
        dialog.close();
        run();
      },
      { kind: action === "Delete" ? "danger" : "primary" },
    );
    dialog.body.append(
      make("p", "", words),
      make(
        "div",
        "dialog-actions",
        makeButton("Cancel", () => dialog.close()),
        act,
      ),
    );
  }

  // ---------------------------------------------------------------- all conversations

  private async showList(focus = false): Promise<void> {
    this.view?.destroy();
    this.view = null;
    this.open = null;
    const heading = make("h2", "chat-title", "Conversations");
    const row = make("div", "chat-top-row", heading);
    const begin = makeButton("New", () => this.showAndFocus(null), {
      icon: "plus",
      kind: "primary",
      label: "New conversation",
    });
    if (mayEdit(this.assistant.config.role)) row.append(begin);
    this.top.replaceChildren(row);
    const list = make("ul", "chat-list");
    list.tabIndex = -1;
    this.body.setAttribute("aria-busy", "true");
    this.body.replaceChildren(make("p", "panel-empty", "Looking up…"));
    await this.attempt(() => this.addPage(list, 1));
    this.body.removeAttribute("aria-busy");
    if (this.view) return; // one was opened meanwhile
    const none = make("p", "panel-empty", "There are no conversations here yet.");
    this.body.replaceChildren(list.childElementCount > 0 ? list : none);
    if (focus) (begin.isConnected ? begin : list).focus();
  }

  /** Show the list as it is now, with the focus where it was. */
  private async refreshList(): Promise<void> {
    const focused =
      document.activeElement instanceof HTMLElement && document.activeElement.dataset.conversation;
    const hadFocus = this.body.contains(document.activeElement);
    await this.showList();
    const again = [...this.body.querySelectorAll<HTMLElement>("[data-conversation]")].find(
      ({ dataset }) => dataset.conversation === focused,
    );
    if (hadFocus) (again ?? this.top.querySelector("button"))?.focus();
  }

  private async addPage(list: HTMLElement, page: number): Promise<void> {
    const { items, pages } = await this.conversations.list(page);
    for (const conversation of items) list.append(this.listed(conversation));
    if (page >= pages) return;
    const more = makeButton("Show more", () => {
      more.remove();
      this.attempt(() => this.addPage(list, page + 1));
    });
    list.append(make("li", "", more));
  }

  private listed(conversation: Conversation): HTMLElement {
    const { visibility, own, user, asked_at } = conversation;
    const when = new Date(asked_at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    const whose = visibility === "private" ? "private" : own ? "shared" : `shared by ${user.name}`;
    const button = makeButton("", () => this.showAndFocus(conversation));
    button.className = "chat-listed";
    button.dataset.conversation = conversation.id;
    button.append(
      make("span", "chat-listed-title", titleOf(conversation)),
      make("span", "chat-listed-note", `${when} · ${whose}`),
    );
    return make("li", "", button);
  }

  private showAndFocus(conversation: Conversation | null): void {
    this.showConversation(conversation);
    this.view?.focus();
  }

  /** Run it, and say what went wrong in words. */
  private async attempt(run: () => Promise<unknown> | undefined): Promise<void> {
    const why = await refusalOf(run);
    if (why) notify(why);
  }
}
