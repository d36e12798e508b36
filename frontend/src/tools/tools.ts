/** The writing tools of the editor page, put together: what they add to the text, the rail and the slash menu. */
import type { Editor, Extensions } from "@tiptap/core";
import type { Assistant } from "../assistant/assistant";
import type { SlashItem } from "../editor/slash";
import type { PanelHandle, Rail } from "../rail/rail";
import type { SuggestionsPanel } from "../suggestions/panel";
import { Suggestions } from "../suggestions/suggestions";

export class WritingTools {
  readonly suggestions: Suggestions;
  private rail: Rail | null = null;
  private tab: PanelHandle | null = null;
  private panel: SuggestionsPanel | null = null;
  private wanted: string | null = null;

  constructor(assistant: Assistant) {
    this.suggestions = new Suggestions(assistant, {
      changed: () => this.suggestionsChanged(),
      chosen: (id) => this.showCard(id),
    });
  }

  extensions(): Extensions {
    return this.suggestions.extensions();
  }

  attach(editor: Editor, rail: Rail): void {
    this.rail = rail;
    this.suggestions.attach(editor);
    this.tab = rail.addPanel({
      id: "suggestions",
      label: "Suggestions",
      icon: "list-checks",
      mount: (container) => this.mountSuggestions(container, editor),
    });
  }

  slashItems(): SlashItem[] {
    return [
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
