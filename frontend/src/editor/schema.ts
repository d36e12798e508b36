/** What a document may hold: the nodes and marks shared by everybody who opens it. */
import type { Extensions } from "@tiptap/core";
import { Image } from "@tiptap/extension-image";
import { TaskItem, TaskList } from "@tiptap/extension-list";
import { Table, TableCell, TableHeader, TableRow } from "@tiptap/extension-table";
import StarterKit from "@tiptap/starter-kit";
import { isSafeLink } from "./links";
import { Origin } from "./origin";

/** Pictures live in the document; addresses elsewhere are not loaded (they would tell on the reader). */
export const IMAGE_SOURCE = /^data:image\/(png|jpeg|gif|webp|avif);base64,/;

const DocumentImage = Image.extend({
  parseHTML() {
    return [
      { tag: "img[src]", getAttrs: (node) => IMAGE_SOURCE.test(node.getAttribute("src") ?? "") && null },
    ];
  },
  renderHTML({ HTMLAttributes }) {
    const { src, ...rest } = HTMLAttributes as { src?: string };
    return ["img", IMAGE_SOURCE.test(src ?? "") ? { src, ...rest } : rest];
  },
  // The library's rule would turn `![](address)` into a picture from elsewhere.
  addInputRules: () => [],
});

/** Without the library's widths, which are inline styles: columns here are equally wide. */
const DocumentTable = Table.extend({
  renderHTML: ({ HTMLAttributes }) => [
    "div",
    { class: "tableWrapper" },
    ["table", HTMLAttributes, ["tbody", 0]],
  ],
  addNodeView: () => null,
});

export function schemaExtensions(): Extensions {
  return [
    StarterKit.configure({
      undoRedo: false, // Collaboration undoes one's own edits only
      trailingNode: false, // it would write into the shared document
      heading: { levels: [1, 2, 3] },
      dropcursor: { color: false, width: 2, class: "drop-cursor" },
      link: {
        openOnClick: false,
        defaultProtocol: "https",
        isAllowedUri: (url) => isSafeLink(url),
        shouldAutoLink: (url) => isSafeLink(url) && /^(https?:\/\/|mailto:|www\.)/i.test(url),
        HTMLAttributes: { rel: "noopener noreferrer nofollow", target: "_blank" },
      },
    }),
    TaskList,
    TaskItem.configure({
      nested: true,
      a11y: { checkboxLabel: (node) => `Done: ${node.textContent || "empty task"}` },
    }),
    DocumentTable.configure({ resizable: false }),
    TableRow,
    TableHeader,
    TableCell,
    DocumentImage.configure({ allowBase64: true }),
    Origin,
  ];
}
