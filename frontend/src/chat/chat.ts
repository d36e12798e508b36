/** The chat's place on the editor page: a tab of the rail. The panel itself is loaded when it is first looked at. */
import { type Editor, Extension } from "@tiptap/core";
import type { Assistant } from "../assistant/assistant";
import type { BubbleTool } from "../editor/bubble";
import type { SlashItem } from "../editor/slash";
import { LazyPanel } from "../rail/lazy-panel";
import type { Rail } from "../rail/rail";
import type { Reference } from "./conversation-view";

const PANEL = "chat";
/** Longer selections are cut for the question's reference; the document goes along anyway. */
const QUOTE_MAX_CHARACTERS = 4000;

export class Chat {
  private readonly panel = new LazyPanel(
    () => import("./panel"),
    ({ ChatPanel }, container) => new ChatPanel(container, this.editor, this.assistant),
  );

  constructor(
    private readonly assistant: Assistant,
    private readonly editor: Editor,
    private readonly rail: Rail,
  ) {
    rail.addPanel({
      id: PANEL,
      label: "Chat",
      icon: "message-square",
      mount: (container) => this.panel.mount(container),
    });
  }

  open(): void {
    this.rail.open(PANEL);
    this.panel.use((panel) => panel.refer({}));
  }

  /** Ask about what is selected. */
  askAboutSelection(): void {
    const { from, to } = this.editor.state.selection;
    const quote = this.editor.state.doc
      .textBetween(from, to, "\n\n", "\n")
      .slice(0, QUOTE_MAX_CHARACTERS)
      .trim();
    this.refer(quote ? { quote } : {});
  }

  /** Ask about an answer or suggestion of the assistant's; `quote`: the words it would change. */
  askAboutGeneration(id: string, quote = ""): void {
    this.refer({ about: id, ...(quote ? { quote: quote.slice(0, QUOTE_MAX_CHARACTERS) } : {}) });
  }

  private refer(reference: Reference): void {
    this.rail.open(PANEL, { focus: false });
    this.panel.use((panel) => panel.refer(reference));
  }
}

/** Mod + J asks about what is selected, or just opens the chat. */
export function chatKeys(chat: () => Chat): Extension {
  return Extension.create({
    name: "chatKeys",
    addKeyboardShortcuts() {
      return {
        "Mod-j": () => {
          chat().askAboutSelection();
          return true;
        },
      };
    },
  });
}

export function chatSlashItem(chat: () => Chat): SlashItem {
  return {
    id: "chat",
    label: "Chat",
    icon: "message-square",
    group: "Assistant",
    words: "chat ask question talk discuss",
    choose(editor, range) {
      editor.chain().focus().deleteRange(range).run();
      chat().open();
    },
  };
}

export function chatBubbleTool(chat: () => Chat): BubbleTool {
  return {
    label: "Ask about it",
    icon: "message-square",
    key: "Mod J",
    needs: "chat",
    run: () => chat().askAboutSelection(),
  };
}
