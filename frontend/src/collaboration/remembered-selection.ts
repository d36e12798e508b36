/**
 * The editor's binding remembers the selection from before a change of the shared document, as places in that and as
 * numbers. The numbers may be of another page by the time they are used: what undo remembered waits for the next change,
 * and several changes in one go each draw the page. Past its end they throw, and the change is not drawn.
 */
import { Extension } from "@tiptap/core";
import { Plugin, PluginKey } from "@tiptap/pm/state";
import { type ProsemirrorBinding, ySyncPluginKey } from "@tiptap/y-tiptap";

/** Before each change is drawn, forget remembered numbers that are not those of the page. */
export const RememberedSelection = Extension.create({
  name: "rememberedSelection",

  addProseMirrorPlugins() {
    return [
      new Plugin({
        key: new PluginKey("rememberedSelection"),
        view: (view) => {
          const binding: ProsemirrorBinding | null = ySyncPluginKey.getState(view.state)?.binding ?? null;
          const check = () => {
            const remembered = binding?.beforeTransactionSelection;
            if (!binding || !remembered) return;
            const { anchor, head } = view.state.selection;
            const { absAnchor, absHead, ...places } = remembered;
            if (absAnchor !== anchor || absHead !== head)
              binding.beforeTransactionSelection = places as typeof remembered;
          };
          binding?.doc.on("beforeObserverCalls", check);
          return { destroy: () => binding?.doc.off("beforeObserverCalls", check) };
        },
      }),
    ];
  },
});
