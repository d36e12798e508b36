/** Ctrl/⌘ + click opens a link; a plain click puts the caret into its words. */
import { Extension } from "@tiptap/core";
import { Plugin, PluginKey } from "@tiptap/pm/state";
import { isSafeLink } from "./links";

export const OpenLinks = Extension.create({
  name: "openLinks",
  addProseMirrorPlugins() {
    return [
      new Plugin({
        key: new PluginKey("openLinks"),
        props: {
          handleClick(view, _pos, event) {
            if (!view.editable || !(event.ctrlKey || event.metaKey)) return false;
            const address =
              event.target instanceof Element ? event.target.closest("a")?.getAttribute("href") : null;
            if (!address || !isSafeLink(address)) return false;
            window.open(address, "_blank", "noopener,noreferrer");
            return true;
          },
        },
      }),
    ];
  },
});
