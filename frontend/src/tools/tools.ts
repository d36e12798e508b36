/** The writing tools of the editor page, put together: what they add to the text, the rail and the slash menu. */
import type { Editor, Extensions } from "@tiptap/core";
import type { Assistant } from "../assistant/assistant";
import { notify } from "../editor/announce";
import type { FormTool, SelectionBubble } from "../editor/bubble";
import { floatingHome } from "../editor/floating";
import { OnDemand } from "../editor/on-demand";
import type { SlashItem } from "../editor/slash";
import { Drafts } from "../forward/drafts";
import { Grammar } from "../grammar/grammar";
import type { FindingPopover } from "../grammar/popover";
import type { Underline } from "../grammar/underlines";
import { makeButton } from "../page/elements";
import { LazyPanel } from "../rail/lazy-panel";
import type { PanelHandle, Rail } from "../rail/rail";
import { RewriteBar } from "../rewrite/bar";
import { rewriteForm } from "../rewrite/form";
import { Rewrites, type Wish } from "../rewrite/rewrites";
import type { Suggestion } from "../suggestions/suggestion";
import { Suggestions } from "../suggestions/suggestions";
import { toolItems } from "./slash";

export class WritingTools {
  readonly suggestions: Suggestions;
  readonly grammar: Grammar;
  readonly rewrites: Rewrites;
  readonly drafts: Drafts;
  private editor: Editor | null = null;
  private rail: Rail | null = null;
  // The rail mounts them, which `attach` gives them to.
  private readonly panel = new LazyPanel(
    () => import("../suggestions/panel"),
    ({ SuggestionsPanel }, container) =>
      new SuggestionsPanel(container, this.editor as Editor, this.suggestions, this.discuss),
  );
  private readonly grammarPanel = new LazyPanel(
    () => import("../grammar/panel"),
    ({ GrammarPanel }, container) => {
      const editor = this.editor as Editor;
      return new GrammarPanel(container, editor, this.grammar, (underline) => this.goTo(editor, underline));
    },
  );
  private tab: PanelHandle | null = null;
  private grammarTab: PanelHandle | null = null;
  private popover: FindingPopover | null = null;
  private readonly explanations = new OnDemand("The explanation", () => import("../grammar/popover"));
  private readonly titles = new OnDemand("The list of titles", () => import("../forward/titles"));
  private bar: RewriteBar | null = null;
  private draftBar: RewriteBar | null = null;

  /** `discuss`: talk about a suggestion in the chat. */
  constructor(
    private readonly assistant: Assistant,
    private readonly discuss: (suggestion: Suggestion) => void,
  ) {
    this.suggestions = new Suggestions(assistant, {
      changed: () => this.suggestionsChanged(),
      chosen: (id) => this.showCard(id),
    });
    this.grammar = new Grammar(assistant, {
      changed: () => this.grammarChanged(),
      explain: (underline, focus) => this.explain(underline, focus),
    });
    this.rewrites = new Rewrites(assistant, {
      changed: (session, intact) => this.bar?.draw(session, intact),
    });
    this.drafts = new Drafts(assistant, {
      changed: (session, intact) => this.draftBar?.draw(session, intact),
    });
  }

  extensions(): Extensions {
    return [
      ...this.suggestions.extensions(),
      this.rewrites.extension(),
      this.drafts.extension(),
      this.grammar.extension(),
    ];
  }

  /** `ready`: the document is there. */
  attach(editor: Editor, rail: Rail, ready: Promise<unknown>): void {
    this.editor = editor;
    this.rail = rail;
    this.suggestions.attach(editor);
    this.rewrites.attach(editor);
    this.drafts.attach(editor);
    this.draftBar = new RewriteBar(floatingHome(), this.drafts, "Draft");
    this.bar = new RewriteBar(floatingHome(), this.rewrites, "Rewrite");
    this.tab = rail.addPanel({
      id: "suggestions",
      label: "Suggestions",
      icon: "list-checks",
      mount: (container) => this.panel.mount(container),
      shown: () => this.panel.now?.update(),
    });
    this.grammarTab = rail.addPanel({
      id: "grammar",
      label: "Grammar",
      icon: "spell-check",
      mount: (container) => this.grammarPanel.mount(container),
      shown: () => this.grammarPanel.now?.update(),
    });
    this.grammar.attach(editor, ready);
    ready.then(() => this.prepareExplanations(editor));
  }

  slashItems(): SlashItem[] {
    return toolItems({
      openRewriteForm: () => this.openRewriteForm(),
      rewriteBlock: (wish) => this.rewriteBlock(wish),
      openSuggestions: () => this.openSuggestions(),
      openGrammar: () => this.rail?.open("grammar"),
      draft: (wish) => this.drafts.ask(wish),
      proposeTitles: () => this.proposeTitles(),
    });
  }

  /** What the selection's toolbar offers beside looks. */
  selectionTools(): FormTool[] {
    return [
      {
        label: "Rewrite",
        icon: "wand-sparkles",
        key: "Alt Shift R",
        needs: "rewrite",
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
            this.assistant.availability,
            [suggest],
          );
        },
      },
    ];
  }

  openSuggestions(): void {
    this.rail?.open("suggestions");
  }

  private goTo(editor: Editor, underline: Underline): void {
    editor.chain().setTextSelection(underline.from).scrollIntoView().run();
    this.explain(underline, true);
  }

  /** Without a word where that fails: who clicks on a finding hears of it. */
  private async prepareExplanations(editor: Editor): Promise<void> {
    const module = await this.explanations.attempt().catch(() => null);
    if (module) this.popover ??= new module.FindingPopover(editor, this.grammar);
    else editor.view.dom.addEventListener("click", ({ target }) => this.explainClicked(target));
  }

  private explainClicked(target: EventTarget | null): void {
    const id = target instanceof Element && target.closest<HTMLElement>("[data-finding]")?.dataset.finding;
    const underline = id && !this.popover && this.grammar.get(id);
    if (underline) this.explain(underline, false);
  }

  private async explain(underline: Underline, focus: boolean): Promise<void> {
    const { editor } = this;
    if (!editor) return;
    if (!this.popover) {
      const { FindingPopover } = await this.explanations.wanted();
      this.popover ??= new FindingPopover(editor, this.grammar);
    }
    const still = this.grammar.get(underline.id);
    if (still) this.popover.show(still, focus);
  }

  private grammarChanged(): void {
    this.grammarPanel.now?.update();
    this.popover?.update();
    this.grammarTab?.count(this.grammar.list().length);
  }

  private openRewriteForm(): void {
    const storage = this.editor?.storage as unknown as { bubble: { bubble: SelectionBubble | null } };
    if (!storage.bubble.bubble?.openTool(0)) notify("Write something in this paragraph first.");
  }

  private rewriteBlock(wish: Wish): void {
    const $head = this.editor?.state.selection.$head;
    if (!$head || $head.parent.textContent.trim() === "") notify("Write something in this paragraph first.");
    else this.rewrites.ask(wish, { from: $head.start(), to: $head.end() });
  }

  private async proposeTitles(): Promise<void> {
    const { openTitles } = await this.titles.wanted();
    if (!this.editor) return;
    openTitles(this.editor, this.assistant);
  }

  private suggestionsChanged(): void {
    this.panel.now?.update();
    this.tab?.count(this.suggestions.ranges.all().filter(({ intact }) => intact).length);
  }

  private showCard(id: string): void {
    this.rail?.open("suggestions", { focus: false });
    this.panel.use((panel) => panel.focus(id));
  }
}
