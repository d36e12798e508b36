/** A document as a plain text file, for edits that the server will no longer take. */
import * as Y from "yjs";

const BLOCKS_WITHOUT_GAP = new Set(["listItem", "taskItem", "tableCell", "tableHeader", "hardBreak"]);

export function documentFile(document: Y.Doc): { name: string; text: string } {
  const title = String(document.getMap("meta").get("title") ?? "").trim() || "Untitled";
  const name = `${
    title
      .replace(/[^\p{L}\p{N}_-]+/gu, " ")
      .trim()
      .slice(0, 80) || "Untitled"
  }.txt`;
  return { name, text: `${title}\n\n${plainText(document.getXmlFragment("default")).trim()}\n` };
}

function plainText(parent: Y.XmlFragment): string {
  return parent
    .toArray()
    .map((child) => {
      if (child instanceof Y.XmlText)
        return (child.toDelta() as { insert: unknown }[]).map((run) => run.insert).join("");
      if (!(child instanceof Y.XmlElement)) return "";
      return `${plainText(child)}${BLOCKS_WITHOUT_GAP.has(child.nodeName) ? "\n" : "\n\n"}`;
    })
    .join("")
    .replace(/\n{3,}/g, "\n\n");
}
