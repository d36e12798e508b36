/**
 * The text of an empty block. The editor's binding makes it with the first letter: two who begin in one empty block at
 * once make one each, and the binding of whoever types next deletes one of them, with what is typed into it meanwhile.
 * Here the text is there as soon as the block is, so that both type into the same.
 */
import { Extension } from "@tiptap/core";
import type { Schema } from "@tiptap/pm/model";
import { Plugin, PluginKey } from "@tiptap/pm/state";
import { type ProsemirrorBinding, ySyncPluginKey } from "@tiptap/y-tiptap";
import * as Y from "yjs";

/** Not the binding's origin: undo takes the text away with its block. */
const ORIGIN = "block text";

/** Give each block of text that this browser makes its text. */
export const BlockTexts = Extension.create({
  name: "blockTexts",

  addProseMirrorPlugins() {
    return [
      new Plugin({
        key: new PluginKey("blockTexts"),
        view: ({ state }) => {
          const binding: ProsemirrorBinding | null = ySyncPluginKey.getState(state)?.binding ?? null;
          const { schema } = state;
          const fill = (transaction: Y.Transaction) => {
            if (transaction.origin === ySyncPluginKey) fillNew(transaction, schema);
          };
          binding?.doc.on("afterTransaction", fill);
          return { destroy: () => binding?.doc.off("afterTransaction", fill) };
        },
      }),
    ];
  },
});

function fillNew(transaction: Y.Transaction, schema: Schema): void {
  const blocks = newElements(transaction).filter(
    (element) => schema.nodes[element.nodeName]?.isTextblock && element.length === 0,
  );
  if (blocks.length === 0) return;
  transaction.doc.transact(() => {
    for (const block of blocks) block.insert(0, [new Y.XmlText()]);
  }, ORIGIN);
}

/** The elements this browser wrote in a transaction and that stand. */
function newElements({ doc, beforeState, afterState }: Y.Transaction): Y.XmlElement[] {
  const from = beforeState.get(doc.clientID) ?? 0;
  const structs = doc.store.clients.get(doc.clientID) ?? [];
  if (from >= (afterState.get(doc.clientID) ?? 0)) return [];
  return structs.slice(Y.findIndexSS(structs, from)).flatMap((struct) => {
    const content = struct instanceof Y.Item && !struct.deleted ? struct.content : null;
    const type = content instanceof Y.ContentType ? content.type : null;
    return type instanceof Y.XmlElement ? [type] : [];
  });
}
