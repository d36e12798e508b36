/** Comments on the editor page: passages in the text, a tab of the rail, a button above a selection, and a key. */
import type { Editor, Extension } from "@tiptap/core";
import type { Assistant } from "../assistant/assistant";
import { announce, notify } from "../editor/announce";
import type { BubbleTool } from "../editor/bubble";
import { LazyPanel } from "../rail/lazy-panel";
import type { PanelHandle, Rail } from "../rail/rail";
import { type Comment, nameOf, type Thread, type WireAnchor } from "./comment";
import { PassagePicker } from "./picker";
import { Places, passageAt } from "./places";
import { CommentStore } from "./store";

const PANEL = "comments";
/** After an edit that moved a passage, for the edits that follow at once. */
const MOVED_AFTER_MS = 1_000;
const LINK = "#comment-";
const QUOTED_CHARACTERS = 60;

/** What a comment is to be about. */
export interface About {
  anchor: WireAnchor | null;
  quote: string;
}

export const WHOLE: About = { anchor: null, quote: "" };

export class Comments {
  readonly store: CommentStore;
  readonly places: Places;
  private editor: Editor | null = null;
  private picker: PassagePicker | null = null;
  private rail: Rail | null = null;
  private tab: PanelHandle | null = null;
  private readonly panel = new LazyPanel(
    () => import("./panel"),
    ({ CommentsPanel }, container) => new CommentsPanel(container, this),
  );
  private ready = false;
  /** Whether resolved threads show in the text too. */
  private drawsResolved = false;
  private readonly moving = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(readonly assistant: Assistant) {
    const { document: about, user } = assistant.config;
    this.store = new CommentStore(`/api/v1/documents/${about.id}/`, user.id);
    this.places = new Places({
      changed: () => this.draw(),
      moved: (id, anchor) => this.moveSoon(id, anchor),
    });
    this.store.follow((heard) => this.take(heard));
    assistant.onComments((changed) => this.store.hear(changed));
    assistant.onRole(() => this.draw());
  }

  get documentId(): string {
    return this.assistant.config.document.id;
  }

  get mayComment(): boolean {
    return this.assistant.config.role !== "viewer";
  }

  get ownsDocument(): boolean {
    return this.assistant.config.role === "owner";
  }

  extension(): Extension {
    return this.places.extension();
  }

  bubbleTool(): BubbleTool {
    return {
      label: "Comment",
      icon: "message-square-plus",
      key: "Alt Shift M",
      readOnly: () => this.mayComment,
      run: () => this.begin(),
    };
  }

  /** `ready`: the document is there. */
  attach(editor: Editor, rail: Rail, ready: Promise<unknown>): void {
    this.editor = editor;
    this.picker = new PassagePicker(editor, ({ from, to }) =>
      this.write(passageAt(editor.state, from, to) ?? WHOLE),
    );
    this.rail = rail;
    this.tab = rail.addPanel({
      id: PANEL,
      label: "Comments",
      icon: "messages-square",
      mount: (container) => this.panel.mount(container),
      shown: () => this.panel.now?.update(),
    });
    editor.view.dom.addEventListener("click", (event) => this.onClick(event));
    document.addEventListener("keydown", (event) => this.onKey(event));
    ready.then(() => {
      this.ready = true;
      this.draw();
      this.followLink();
    });
    window.addEventListener("hashchange", () => this.followLink());
    this.store.load();
  }

  /** Comment on what is selected, or on the paragraph at the caret; have one chosen where there is no caret. */
  begin(): void {
    if (!this.editor) return;
    this.picker?.end();
    if (!this.mayComment) {
      notify("Your role here is viewer: you can read comments, not write them.");
      return;
    }
    const { from, to, $head } = this.editor.state.selection;
    const empty = this.editor.state.selection.empty || !this.isSelectionHere();
    if (empty && !this.editor.isEditable && this.picker?.start()) return;
    const block = empty && this.editor.isEditable && $head.parent.isTextblock;
    const about = empty
      ? block
        ? passageAt(this.editor.state, $head.start(), $head.end())
        : null
      : passageAt(this.editor.state, from, to);
    this.write(about ?? WHOLE);
  }

  /** Where the text may only be read, the editor remembers a selection that is long gone. */
  private isSelectionHere(): boolean {
    if (!this.editor || this.editor.isEditable) return true;
    const selection = document.getSelection();
    return !!selection && !selection.isCollapsed && this.editor.view.dom.contains(selection.anchorNode);
  }

  /** Have something said about a passage. */
  write(about: About): void {
    this.rail?.open(PANEL, { focus: false });
    this.panel.use((panel) => panel.begin(about));
  }

  /** Bring a thread's card into view; `focus`: and the keys into it. */
  show(id: string, { focus = false }: { focus?: boolean } = {}): void {
    if (!this.store.get(id)) return;
    this.rail?.open(PANEL, { focus: false });
    this.places.activate(id);
    this.panel.use((panel) => panel.show(id, { focus }));
  }

  /** Show in the text what a card is about, and scroll there. */
  reveal(id: string): void {
    this.places.activate(id);
    const range = this.places.range(id);
    if (!range || !this.editor) return;
    const { node } = this.editor.view.domAtPos(range.from);
    const element = node instanceof Element ? node : node.parentElement;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element?.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  }

  /** Give the keys back to the text. */
  leave(): void {
    this.editor?.commands.focus();
  }

  drawResolved(draws: boolean): void {
    this.drawsResolved = draws;
    this.draw();
  }

  private onClick(event: MouseEvent): void {
    const target = event.target instanceof Element && event.target.closest<HTMLElement>("[data-comment]");
    const selection = document.getSelection();
    if (!target || (selection && !selection.isCollapsed)) return;
    this.show(target.dataset.comment ?? "");
  }

  /** Everywhere on the page: who may only read has no caret in the text. */
  private onKey(event: KeyboardEvent): void {
    const { altKey, shiftKey, ctrlKey, metaKey, code, isComposing } = event;
    if (!altKey || !shiftKey || ctrlKey || metaKey || isComposing || code !== "KeyM") return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    const { selection } = this.editor?.state ?? {};
    const [here] = selection?.empty && this.editor?.isFocused ? this.places.at(selection.head) : [];
    if (here) this.show(here, { focus: true });
    else this.begin();
  }

  private followLink(): void {
    if (!location.hash.startsWith(LINK)) return;
    const id = location.hash.slice(LINK.length);
    const show = () => {
      if (!this.store.get(id)) return notify("This comment is not there any more.");
      this.show(id);
      this.reveal(id);
    };
    if (this.store.isKnown) show();
    else this.store.load().then(show);
  }

  private take(heard: readonly { thread: Thread; comment: Comment }[]): void {
    const last = heard.at(-1);
    if (last) announce(spoken(last.thread, last.comment));
    this.draw();
  }

  private draw(): void {
    if (this.ready) {
      const wanted = this.store.all().flatMap((thread) => {
        const { id, anchor, quote, resolved_at } = thread;
        return anchor ? [{ id, anchor, quote, drawn: resolved_at === null || this.drawsResolved }] : [];
      });
      const key = JSON.stringify(wanted);
      if (key !== this.drawnKey) {
        this.drawnKey = key;
        this.places.set(wanted);
      }
    }
    this.tab?.count(this.store.all().filter(({ resolved_at }) => resolved_at === null).length);
    this.panel.now?.update();
  }

  private drawnKey = "[]";

  private moveSoon(id: string, anchor: WireAnchor): void {
    if (!this.editor?.isEditable) return;
    clearTimeout(this.moving.get(id));
    const move = () => {
      this.moving.delete(id);
      // Refused or unreachable: others find the passage by its words.
      this.store.move(id, anchor).catch(() => {});
    };
    this.moving.set(id, setTimeout(move, MOVED_AFTER_MS));
  }
}

function spoken(thread: Thread, { user }: Comment): string {
  const { quote } = thread;
  const where = quote.length > QUOTED_CHARACTERS ? `${quote.slice(0, QUOTED_CHARACTERS)}…` : quote;
  return `${nameOf(user)} commented${where ? ` on “${where}”` : ""}.`;
}
