/** The writing tools of the editor page, put together: what they add to the text, the rail and the slash menu. */
import type { Editor, Extensions, Range } from "@tiptap/core";
import type { Assistant } from "../assistant/assistant";
import { notify } from "../editor/announce";
import type { FormTool, SelectionBubble } from "../editor/bubble";
import { floatingHome } from "../editor/floating";
import type { SlashItem } from "../editor/slash";
import { Grammar } from "../grammar/grammar";
import type { GrammarPanel } from "../grammar/panel";
import type { FindingPopover } from "../grammar/popover";
import type { Underline } from "../grammar/underlines";
import { makeButton } from "../page/elements";
import type { PanelHandle, Rail } from "../rail/rail";
import { RewriteBar } from "../rewrite/bar";
import { rewriteForm, SIMPLE } from "../rewrite/form";
import { Rewrites, type Wish } from "../rewrite/rewrites";
import type { SuggestionsPanel } from "../suggestions/panel";
import { Suggestions } from "../suggestions/suggestions";

export class WritingTools {
  readonly suggestions: Suggestions;
  readonly grammar: Grammar;
  readonly rewrites: Rewrites;
  private rail: Rail | null = null;
  private tab: PanelHandle | null = null;
  private panel: SuggestionsPanel | null = null;
  private wanted: string | null = null;
  private grammarTab: PanelHandle | null = null;
  private grammarPanel: GrammarPanel | null = null;
  private popover: FindingPopover | null = null;
  private bar: RewriteBar | null = null;

  constructor(assistant: Assistant) {
    this.suggestions = new Suggestions(assistant, {
      changed: () => this.suggestionsChanged(),
      chosen: (id) => this.showCard(id),
    });
    this.grammar = new Grammar(assistant, {
      changed: () => this.grammarChanged(),
      explain: (underline, focus) => this.popover?.show(underline, focus),
    });
    this.rewrites = new Rewrites(assistant, {
      changed: (session, intact) => this.bar?.draw(session, intact),
    });
  }

  extensions(): Extensions {
    return [...this.suggestions.extensions(), this.rewrites.extension(), this.grammar.extension()];
  }

  /** `ready`: the document is there. */
  attach(editor: Editor, rail: Rail, ready: Promise<unknown>): void {
    this.rail = rail;
    this.suggestions.attach(editor);
    this.rewrites.attach(editor);
    this.bar = new RewriteBar(floatingHome(), this.rewrites, "Rewrite");
    this.tab = rail.addPanel({
      id: "suggestions",
      label: "Suggestions",
      icon: "list-checks",
      mount: (container) => this.mountSuggestions(container, editor),
    });
    this.grammarTab = rail.addPanel({
      id: "grammar",
      label: "Grammar",
      icon: "spell-check",
      mount: (container) => this.mountGrammar(container, editor),
    });
    this.grammar.attach(editor, ready);
    ready.then(async () => {
      const { FindingPopover } = await import("../grammar/popover");
      this.popover = new FindingPopover(editor, this.grammar);
    });
  }

  slashItems(): SlashItem[] {
    return [
      {
        id: "rewrite",
        label: "Rewrite this paragraph…",
        icon: "wand-sparkles",
        group: "Assistant",
        words: "rewrite change tone translate instruction language ask",
        hint: "Alt Shift R",
        choose: (editor, range) => {
          editor.chain().focus().deleteRange(range).run();
          const { bubble } = editor.storage as unknown as { bubble: { bubble: SelectionBubble | null } };
          const opened = bubble.bubble?.openTool(0);
          if (!opened) notify("Write something in this paragraph first.");
        },
      },
      ...SIMPLE.map(({ action, label, icon }) => ({
        id: action,
        label: `${label} this paragraph`,
        icon,
        group: "Assistant",
        words: `${action} paragraph rewrite`,
        choose: (editor: Editor, range: Range) => {
          editor.chain().focus().deleteRange(range).run();
          this.rewriteBlock(editor, { action, input: {}, label });
        },
      })),
      {
        id: "suggest",
        label: "Suggestions",
        icon: "list-checks",
        group: "Assistant",
        words: "suggest improve review edit clarity concision tone",
        choose: (editor, range) => {
          editor.chain().focus().deleteRange(range).run();
          this.openSuggestions();
        },
      },
      {
        id: "grammar",
        label: "Grammar",
        icon: "spell-check",
        group: "Assistant",
        words: "grammar spelling check proofread dictionary",
        choose: (editor, range) => {
          editor.chain().focus().deleteRange(range).run();
          this.rail?.open("grammar");
        },
      },
    ];
  }

  /** What the selection's toolbar offers beside looks. */
  selectionTools(): FormTool[] {
    return [
      {
        label: "Rewrite",
        icon: "wand-sparkles",
        key: "Alt Shift R",
        form: (done) => {
          const suggest = makeButton("Suggestions…", () => {
            done();
            this.openSuggestions();
          });
          return rewriteForm(
            (wish) => {
              done();
              this.rewrites.ask(wish);
            },
            [suggest],
          );
        },
      },
    ];
  }

  openSuggestions(): void {
    this.rail?.open("suggestions");
  }

  private async mountSuggestions(container: HTMLElement, editor: Editor): Promise<void> {
    const { SuggestionsPanel } = await import("../suggestions/panel");
    this.panel = new SuggestionsPanel(container, editor, this.suggestions);
    if (this.wanted) this.panel.focus(this.wanted);
    this.wanted = null;
  }

  private async mountGrammar(container: HTMLElement, editor: Editor): Promise<void> {
    const { GrammarPanel } = await import("../grammar/panel");
    this.grammarPanel = new GrammarPanel(container, editor, this.grammar, (underline) =>
      this.goTo(editor, underline),
    );
  }

  private goTo(editor: Editor, underline: Underline): void {
    editor.chain().setTextSelection(underline.from).scrollIntoView().run();
    this.popover?.show(underline, true);
  }

  private grammarChanged(): void {
    this.grammarPanel?.update();
    this.popover?.update();
    this.grammarTab?.count(this.grammar.list().length);
  }

  private rewriteBlock(editor: Editor, wish: Wish): void {
    const { $head } = editor.state.selection;
    if ($head.parent.textContent.trim() === "") notify("Write something in this paragraph first.");
    else this.rewrites.ask(wish, { from: $head.start(), to: $head.end() });
  }

  private suggestionsChanged(): void {
    this.panel?.update();
    this.tab?.count(this.suggestions.ranges.all().filter(({ intact }) => intact).length);
  }

  private showCard(id: string): void {
    this.rail?.open("suggestions", { focus: false });
    if (this.panel) this.panel.focus(id);
    else this.wanted = id;
  }
}
