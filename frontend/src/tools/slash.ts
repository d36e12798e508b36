/** What the slash menu offers of the writing tools. */
import type { Editor } from "@tiptap/core";
import type { SlashItem } from "../editor/slash";
import type { DraftWish } from "../forward/drafts";
import { SIMPLE } from "../rewrite/form";
import type { Wish } from "../rewrite/rewrites";

export interface ToolActions {
  openRewriteForm(): void;
  rewriteBlock(wish: Wish): void;
  openSuggestions(): void;
  openGrammar(): void;
  draft(wish: DraftWish): void;
  proposeTitles(): void;
}

type Item = Pick<SlashItem, "id" | "label" | "icon" | "words" | "hint" | "needs"> & { run(): void };

export function toolItems(act: ToolActions): SlashItem[] {
  const assistant: Item[] = [
    {
      id: "rewrite",
      label: "Rewrite this paragraph…",
      icon: "wand-sparkles",
      words: "rewrite change tone translate instruction language ask",
      hint: "Alt Shift R",
      needs: "rewrite",
      run: () => act.openRewriteForm(),
    },
    ...SIMPLE.map(({ action, label, icon }) => ({
      id: action,
      label: `${label} this paragraph`,
      icon,
      words: `${action} paragraph rewrite`,
      needs: action,
      run: () => act.rewriteBlock({ action, input: {}, label }),
    })),
    {
      id: "suggest",
      label: "Suggestions",
      icon: "list-checks",
      words: "suggest improve review edit clarity concision tone",
      run: () => act.openSuggestions(),
    },
    {
      id: "grammar",
      label: "Grammar",
      icon: "spell-check",
      words: "grammar spelling check proofread dictionary",
      run: () => act.openGrammar(),
    },
  ];
  const forward: Item[] = [
    {
      id: "outline",
      label: "Outline",
      icon: "rows-3",
      words: "outline plan structure sections",
      needs: "outline",
      run: () => act.draft({ action: "outline", input: {}, label: "Outline" }),
    },
    {
      id: "brainstorm",
      label: "Ideas",
      icon: "lightbulb",
      words: "brainstorm ideas list",
      needs: "brainstorm",
      run: () => act.draft({ action: "brainstorm", input: {}, label: "Ideas" }),
    },
    {
      id: "titles",
      label: "Titles",
      icon: "heading",
      words: "title name headline",
      needs: "title",
      run: () => act.proposeTitles(),
    },
    {
      id: "scene",
      label: "Go on with the scene",
      icon: "theater",
      words: "story scene continue plot character",
      needs: "story",
      run: () => act.draft({ action: "story", input: { aspect: "scene" }, label: "Scene" }),
    },
    {
      id: "turns",
      label: "Turns of the plot",
      icon: "route",
      words: "story plot turn twist",
      needs: "story",
      run: () => act.draft({ action: "story", input: { aspect: "turns" }, label: "Turns of the plot" }),
    },
  ];
  return [...inGroup("Assistant", assistant), ...inGroup("Write", forward)];
}

function inGroup(group: string, items: readonly Item[]): SlashItem[] {
  return items.map(({ run, ...item }) => ({
    ...item,
    group,
    choose(editor: Editor, range) {
      editor.chain().focus().deleteRange(range).run();
      run();
    },
  }));
}
