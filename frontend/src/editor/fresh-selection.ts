/**
 * Keys act where the caret is. ProseMirror hears of a moved caret by `selectionchange`, which comes after a queued key on
 * a busy page: Enter or Ctrl + Enter then happened at the old place.
 *
 * And there is a caret: a dialog that closes gives the text the focus, not the selection, which goes with what was in the
 * dialog. ProseMirror puts it back some 20 ms later, on a busy page after many more; what was typed till then was lost.
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
              if (view.composing) return false;
              if (hasNoCaret(view)) view.focus();
              readSelection(view);
              return false;
            },
          },
        },
      }),
    ];
  },
});

function hasNoCaret(view: EditorView): boolean {
  const caret = document.getSelection()?.anchorNode ?? null;
  return view.hasFocus() && !view.dom.contains(caret);
}

/**
 * Take the browser's caret for the editor's, as it will be told in a moment: a transaction of ours that redraws would
 * otherwise put the caret back to where it was. ProseMirror's own reader, which it does not export.
 */
export function readSelection(view: EditorView): void {
  (view as unknown as { domObserver?: { flush(): void } }).domObserver?.flush();
}
