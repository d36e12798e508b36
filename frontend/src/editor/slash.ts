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
  /** The assistant's action that it asks for. */
  needs?: string;
  /** Why it cannot be chosen at present; empty or absent where it can. */
  off?: string;
  choose(editor: Editor, range: Range): void;
}

export type SlashProps = SuggestionProps<SlashItem, SlashItem>;

export const slashKey = new PluginKey("slash");

/** Items that the server keeps. `load` reads them where that has not been done, and never rejects. */
export interface MoreItems {
  items(): readonly SlashItem[];
  load(): Promise<void>;
}

/** `why`: why an action of the assistant's cannot be asked for. */
export function slashExtension(
  items: readonly SlashItem[],
  more: MoreItems,
  why: (action: string) => string,
): Extension {
  const find = (query: string) =>
    filterBlocks([...items, ...more.items()], query).map((item) =>
      item.needs ? { ...item, off: why(item.needs) } : item,
    );
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
          items: ({ query }) => find(query),
          command: ({ editor, range, props }) => props.choose(editor, range),
          allow: ({ state, range }) => !state.doc.resolve(range.from).parent.type.spec.code,
          shouldShow: ({ editor, transaction }) => editor.isEditable && !isChangeOrigin(transaction),
          render: () => renderLazily(find, () => more.load()),
        }),
      ];
    },
  });
}

function renderLazily(find: (query: string) => SlashItem[], load: () => Promise<void>) {
  let menu: import("./slash-menu").SlashMenu | null = null;
  let latest: SlashProps | null = null;
  return {
    onStart(props: SlashProps) {
      latest = props;
      import("./slash-menu").then(({ SlashMenu }) => {
        if (latest) menu ??= new SlashMenu(latest);
      });
      load().then(() => {
        if (!latest) return;
        latest = { ...latest, items: find(latest.query) };
        menu?.update(latest);
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
