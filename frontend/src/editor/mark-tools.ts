/** The marks that the selection's toolbar sets. */
import type { Editor } from "@tiptap/core";

export interface MarkTool {
  mark: string;
  label: string;
  icon: string;
  key: string;
  run(editor: Editor): void;
}

export const MARK_TOOLS: readonly MarkTool[] = [
  { mark: "bold", label: "Bold", icon: "bold", key: "B", run: (e) => e.chain().focus().toggleBold().run() },
  {
    mark: "italic",
    label: "Italic",
    icon: "italic",
    key: "I",
    run: (e) => e.chain().focus().toggleItalic().run(),
  },
  {
    mark: "underline",
    label: "Underline",
    icon: "underline",
    key: "U",
    run: (e) => e.chain().focus().toggleUnderline().run(),
  },
  {
    mark: "strike",
    label: "Strike through",
    icon: "strikethrough",
    key: "Shift S",
    run: (e) => e.chain().focus().toggleStrike().run(),
  },
  { mark: "code", label: "Code", icon: "code", key: "E", run: (e) => e.chain().focus().toggleCode().run() },
];
