/** Commands in the slash menu and the selection's toolbar, and what happens when one is given. */
import { type Editor, Extension } from "@tiptap/core";
import { excerpt } from "../assistant/excerpt";
import type { Proposals } from "../assistant/proposals";
import { announce, notify } from "../editor/announce";
import type { BubbleTool } from "../editor/bubble";
import { openDialog } from "../editor/dialog";
import { CONTINUE_AFTER_CHARACTERS, CONTINUE_BEFORE_CHARACTERS } from "../editor/limits";
import { OnDemand } from "../editor/on-demand";
import type { SlashItem } from "../editor/slash";
import { make, makeButton } from "../page/elements";
import { type Command, CommandStore } from "./store";

export interface Range {
  from: number;
  to: number;
}

/** Has a stretch of the text rewritten by a command: the new words are shown beside the old, and nothing is replaced. */
export type Rewrite = (command: Command, range: Range) => void;

export class Commands {
  private readonly store: CommandStore;
  private readonly dialog = new OnDemand("The list of commands", () => import("./dialog"));

  constructor(
    private readonly proposals: Proposals,
    private readonly rewrite: Rewrite,
  ) {
    this.store = new CommandStore(proposals.assistant.config.document.id);
  }

  /** Have them at hand. Where that fails, the menu shows none, and the dialog says why. */
  async load(): Promise<void> {
    await this.store.load().catch(() => []);
  }

  /** Those that can be given at the caret, as far as they are known. */
  slashItems(): SlashItem[] {
    const items = this.store.commands.map((command) => ({
      id: `command-${command.id}`,
      label: command.name,
      icon: "sparkles",
      group: "Commands",
      words: `command custom ${command.name.toLowerCase()}`,
      needs: "custom",
      choose: (editor: Editor, range: Range) => {
        editor.chain().focus().deleteRange(range).run();
        if (command.needs_selection) this.giveForBlock(editor, command);
        else this.give(editor, command, null);
      },
    }));
    return [
      ...items,
      {
        id: "commands",
        label: "Your commands…",
        icon: "settings",
        group: "Commands",
        words: "command custom prompt own manage add new",
        choose: (editor, range) => {
          editor.chain().focus().deleteRange(range).run();
          this.manage();
        },
      },
    ];
  }

  /** All of them, for what is selected. */
  bubbleTool(): BubbleTool {
    return {
      label: "Your commands",
      icon: "square-terminal",
      key: "Alt Shift C",
      needs: "custom",
      run: (editor) => this.choose(editor),
    };
  }

  keys(): Extension {
    const choose = (editor: Editor) => this.choose(editor);
    return Extension.create({
      name: "commandKeys",
      addKeyboardShortcuts() {
        return {
          "Alt-Shift-c": ({ editor }) => {
            if (editor.isEditable) choose(editor as Editor);
            return true;
          },
        };
      },
    });
  }

  /** Choose a command for what is selected, or for the place of the caret. */
  async choose(editor: Editor): Promise<void> {
    const why = this.proposals.assistant.availability.why("custom");
    if (why) {
      notify(why);
      return;
    }
    const { from, to, empty } = editor.state.selection;
    await this.store.reload().catch(() => []); // others may have added some
    const dialog = openDialog("Your commands");
    const usable = this.store.commands.filter(({ needs_selection }) => !empty || !needs_selection);
    const buttons = usable.map((command) => {
      const give = () => {
        dialog.close();
        editor.commands.focus();
        this.give(editor, command, empty ? null : { from, to });
      };
      const button = makeButton(command.name, give, { kind: "quiet" });
      this.proposals.assistant.availability.mark(button, "custom");
      return button;
    });
    const manage = () => {
      dialog.close();
      this.manage();
    };
    dialog.body.append(
      buttons.length > 0
        ? make("div", "command-menu", ...buttons)
        : make("p", "panel-empty", "There are none yet."),
      make("div", "dialog-actions", makeButton("Add or change commands", manage)),
    );
    dialog.body.querySelector("button")?.focus();
  }

  async manage(): Promise<void> {
    const { openCommands } = await this.dialog.wanted();
    openCommands(this.store, this.proposals.assistant.config.role);
  }

  private giveForBlock(editor: Editor, command: Command): void {
    const { $head } = editor.state.selection;
    if ($head.parent.textContent.trim() === "")
      notify(`“${command.name}” works on text: put the caret into a paragraph with some, or select it.`);
    else this.give(editor, command, { from: $head.start(), to: $head.end() });
  }

  private give(editor: Editor, command: Command, range: Range | null): void {
    if (range) this.rewrite(command, range);
    else this.write(editor, command);
  }

  /** What it writes is proposed at the caret. */
  private write(editor: Editor, command: Command): void {
    const { proposals } = this;
    if (!proposals.assistant.isReachable) {
      notify(
        "The assistant cannot be reached. Your text is untouched. Try again when the connection is back.",
      );
      return;
    }
    if (proposals.hasOwn("custom")) {
      notify("A command of yours is still at work. Take or dismiss what it wrote first.");
      return;
    }
    const pos = editor.state.selection.to;
    const input = { ...excerpt(editor.state.doc, pos, LIMITS), instruction: command.prompt };
    if (proposals.ask("custom", pos, input)) announce(`The assistant is at work: ${command.name}.`);
  }
}

const LIMITS = { before: CONTINUE_BEFORE_CHARACTERS, after: CONTINUE_AFTER_CHARACTERS };
