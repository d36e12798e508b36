/** The slash menu's extension: notices `/` at once, and loads the menu itself when it is first needed. */
import { type Editor, Extension, type Range } from "@tiptap/core";
import { isChangeOrigin } from "@tiptap/extension-collaboration";
import { PluginKey } from "@tiptap/pm/state";
import { Suggestion, type SuggestionProps } from "@tiptap/suggestion";
import { type Block, filterBlocks } from "./blocks";
import { floatingHome } from "./floating";
import { OnDemand } from "./on-demand";

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

const code = new OnDemand("The menu of blocks", () => import("./slash-menu"));
const slashKey = new PluginKey("slash");

/** Items that the server keeps. `load` reads them where that has not been done, and never rejects. */
export interface MoreItems {
  items(): readonly SlashItem[];
  load(): Promise<void>;
}

/** What can be asked of the assistant at present. */
export interface Askable {
  /** Why an action cannot be asked for; empty where it can. */
  why(action: string): string;
  /** Hear of every change, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

export function slashExtension(items: readonly SlashItem[], more: MoreItems, askable: Askable): Extension {
  const find = (query: string) =>
    filterBlocks([...items, ...more.items()], query).map((item) =>
      item.needs ? { ...item, off: askable.why(item.needs) } : item,
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
          render: () => renderLazily(find, more, askable),
        }),
      ];
    },
  });
}

function renderLazily(find: (query: string) => SlashItem[], more: MoreItems, askable: Askable) {
  let menu: import("./slash-menu").SlashMenu | null = null;
  let latest: SlashProps | null = null;
  let stop = () => {};
  const findAgain = () => {
    if (!latest) return;
    latest = { ...latest, items: find(latest.query) };
    menu?.update(latest);
  };
  return {
    onStart(props: SlashProps) {
      latest = props;
      code.wanted().then(({ SlashMenu }) => {
        if (latest) menu ??= new SlashMenu(latest);
      });
      stop = askable.onChange(findAgain);
      more.load().then(findAgain);
    },
    onUpdate(props: SlashProps) {
      latest = props;
      menu?.update(props);
    },
    onKeyDown: ({ event }: { event: KeyboardEvent }) => menu?.onKeyDown(event) ?? false,
    onExit() {
      stop();
      latest = null;
      menu?.destroy();
      menu = null;
    },
  };
}
