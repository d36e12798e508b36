/**
 * Keys act where the caret is. ProseMirror hears of a moved caret by `selectionchange`, which comes after a queued key on
 * a busy page: Enter or Ctrl + Enter then happened at the old place.
 */
import { Extension } from "@tiptap/core";
import { Plugin, PluginKey } from "@tiptap/pm/state";
import type { EditorView } from "@tiptap/pm/view";

export const FreshSelection = Extension.create({
  name: "freshSelection",
  addProseMirrorPlugins() {
    return [
      new Plugin({
        key: new PluginKey("freshSelection"),
        props: {
          handleDOMEvents: {
            keydown(view) {
              if (!view.composing) readSelection(view);
              return false;
            },
          },
        },
      }),
    ];
  },
});

/**
 * Take the browser's caret for the editor's, as it will be told in a moment: a transaction of ours that redraws would
 * otherwise put the caret back to where it was. ProseMirror's own reader, which it does not export.
 */
export function readSelection(view: EditorView): void {
  (view as unknown as { domObserver?: { flush(): void } }).domObserver?.flush();
}
