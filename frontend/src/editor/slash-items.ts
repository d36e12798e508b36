/** What the slash menu offers. */
import type { Editor } from "@tiptap/core";
import { BLOCKS } from "./blocks";
import { chooseImages } from "./images";
import type { SlashItem } from "./slash";

export function slashItems(
  continueText: (editor: Editor) => void,
  tools: readonly SlashItem[] = [],
): SlashItem[] {
  const blocks = BLOCKS.map(({ run, isActive: _isActive, ...block }) => ({
    ...block,
    choose: (editor, range) => run(editor.chain().focus().deleteRange(range)).run(),
  })) satisfies SlashItem[];
  return [
    {
      id: "continue",
      label: "Continue",
      icon: "sparkles",
      group: "Assistant",
      words: "write ai assistant go on",
      needs: "continue",
      choose(editor, range) {
        editor.chain().focus().deleteRange(range).run();
        continueText(editor);
      },
    },
    ...tools,
    ...blocks,
    {
      id: "image",
      label: "Picture",
      icon: "image",
      group: "Insert",
      words: "image photo figure upload",
      choose(editor, range) {
        editor.chain().focus().deleteRange(range).run();
        chooseImages(editor);
      },
    },
  ];
}
