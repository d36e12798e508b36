/** What can be done to a table: shown in the selection's toolbar while the selection is in one. */
import type { Editor } from "@tiptap/core";

export interface TableTool {
  label: string;
  short: string;
  icon: string;
  run(editor: Editor): void;
}

export const TABLE_TOOLS: readonly TableTool[] = [
  { label: "Add a row below", short: "Row", icon: "plus", run: (e) => e.chain().focus().addRowAfter().run() },
  {
    label: "Add a column to the right",
    short: "Column",
    icon: "plus",
    run: (e) => e.chain().focus().addColumnAfter().run(),
  },
  { label: "Delete this row", short: "Row", icon: "minus", run: (e) => e.chain().focus().deleteRow().run() },
  {
    label: "Delete this column",
    short: "Column",
    icon: "minus",
    run: (e) => e.chain().focus().deleteColumn().run(),
  },
  {
    label: "Delete the table",
    short: "",
    icon: "trash-2",
    run: (e) => e.chain().focus().deleteTable().run(),
  },
];
