/** Any number of people with one document, who hear of each other only when told to: for property tests. */
import type { Editor, Extensions } from "@tiptap/core";
import * as Y from "yjs";
import { createEditor } from "../editor/create";

export interface Member {
  editor: Editor;
  document: Y.Doc;
}

export function makeMembers(count: number, extensions: (index: number) => Extensions): Member[] {
  return Array.from({ length: count }, (_, index) => {
    const element = document.createElement("div");
    document.body.append(element);
    const shared = new Y.Doc();
    return {
      document: shared,
      editor: createEditor({ element, document: shared, extensions: extensions(index) }),
    };
  });
}

/** Tell `to` what `from` knows. Return whether it was news. */
export function tell(from: Member, to: Member): boolean {
  const before = Y.encodeStateAsUpdate(to.document);
  Y.applyUpdate(to.document, Y.encodeStateAsUpdate(from.document, Y.encodeStateVector(to.document)), "mesh");
  const after = Y.encodeStateAsUpdate(to.document);
  return before.length !== after.length || before.some((byte, index) => byte !== after[index]);
}

/** Tell everybody everything, until nobody has news. */
export function tellAll(members: readonly Member[]): void {
  for (let round = 0, isNews = true; isNews; round++) {
    if (round > 50) throw new Error("They never agree.");
    isNews = false;
    for (const from of members) for (const to of members) if (from !== to && tell(from, to)) isNews = true;
  }
}

/** Where text can be typed: the beginning of each text block, and its length. */
export function textblocks({ editor }: Member): { from: number; size: number }[] {
  const blocks: { from: number; size: number }[] = [];
  editor.state.doc.descendants((node, pos) => {
    if (node.isTextblock) blocks.push({ from: pos + 1, size: node.content.size });
  });
  return blocks;
}
