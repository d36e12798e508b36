/** The slash menu's extension: notices `/` at once, and loads the menu itself when it is first needed. */
import { type Editor, Extension, type Range } from "@tiptap/core";
import { isChangeOrigin } from "@tiptap/extension-collaboration";
import { PluginKey } from "@tiptap/pm/state";
import { Suggestion, type SuggestionProps } from "@tiptap/suggestion";
import { type Block, filterBlocks } from "./blocks";
import { floatingHome } from "./floating";

/** A block, or something else to do at the caret (continue, insert an image). */
export interface SlashItem extends Pick<Block, "id" | "label" | "icon" | "group" | "words"> {
  hint?: string;
  choose(editor: Editor, range: Range): void;
}

export type SlashProps = SuggestionProps<SlashItem, SlashItem>;

export const slashKey = new PluginKey("slash");

/** `more`: what is known only when the menu opens. */
export function slashExtension(items: readonly SlashItem[], more: () => readonly SlashItem[]): Extension {
  return Extension.create({
    name: "slash",
    // Its keys come before the ghost's and the lists'.
    priority: 950,
    addProseMirrorPlugins() {
      return [
        Suggestion<SlashItem, SlashItem>({
          editor: this.editor,
          pluginKey: slashKey,
          char: "/",
          allowSpaces: false,
          allowedPrefixes: [" "],
          decorationClass: "slash-query",
          container: floatingHome(),
          floatingUi: { strategy: "fixed" },
          items: ({ query }) => filterBlocks([...items, ...more()], query),
          command: ({ editor, range, props }) => props.choose(editor, range),
          allow: ({ state, range }) => !state.doc.resolve(range.from).parent.type.spec.code,
          shouldShow: ({ editor, transaction }) => editor.isEditable && !isChangeOrigin(transaction),
          render: renderLazily,
        }),
      ];
    },
  });
}

function renderLazily() {
  let menu: import("./slash-menu").SlashMenu | null = null;
  let latest: SlashProps | null = null;
  return {
    onStart(props: SlashProps) {
      latest = props;
      import("./slash-menu").then(({ SlashMenu }) => {
        if (latest) menu ??= new SlashMenu(latest);
      });
    },
    onUpdate(props: SlashProps) {
      latest = props;
      menu?.update(props);
    },
    onKeyDown: ({ event }: { event: KeyboardEvent }) => menu?.onKeyDown(event) ?? false,
    onExit() {
      latest = null;
      menu?.destroy();
      menu = null;
    },
  };
}
