/** The blocks a paragraph can become or be followed by: for the slash menu and the selection bubble. */
import type { ChainedCommands, Editor } from "@tiptap/core";

export interface Block {
  id: string;
  label: string;
  icon: string;
  group: string;
  /** Other words people look for. */
  words: string;
  /** Markdown that makes it, or its key. */
  hint?: string;
  run(chain: ChainedCommands): ChainedCommands;
  isActive?(editor: Editor): boolean;
}

const TEXT = "Text";
const LISTS = "Lists";
const INSERT = "Insert";

const heading = (level: 1 | 2 | 3, label: string): Block => ({
  id: `heading-${level}`,
  label,
  icon: `heading-${level}`,
  group: TEXT,
  words: `title header h${level}`,
  hint: "#".repeat(level),
  run: (chain) => chain.clearNodes().setHeading({ level }),
  isActive: (editor) => editor.isActive("heading", { level }),
});

export const BLOCKS: readonly Block[] = [
  {
    id: "paragraph",
    label: "Paragraph",
    icon: "pilcrow",
    group: TEXT,
    words: "text plain normal body",
    run: (chain) => chain.clearNodes(),
    isActive: (editor) =>
      editor.isActive("paragraph") && !editor.isActive("listItem") && !editor.isActive("blockquote"),
  },
  heading(1, "Large heading"),
  heading(2, "Heading"),
  heading(3, "Small heading"),
  {
    id: "blockquote",
    label: "Quote",
    icon: "text-quote",
    group: TEXT,
    words: "blockquote citation",
    hint: ">",
    run: (chain) => chain.clearNodes().setBlockquote(),
    isActive: (editor) => editor.isActive("blockquote"),
  },
  {
    id: "code-block",
    label: "Code block",
    icon: "square-code",
    group: TEXT,
    words: "program source pre",
    hint: "```",
    run: (chain) => chain.clearNodes().setCodeBlock(),
    isActive: (editor) => editor.isActive("codeBlock"),
  },
  {
    id: "bullet-list",
    label: "List",
    icon: "list",
    group: LISTS,
    words: "bullet unordered points",
    hint: "-",
    run: (chain) => chain.clearNodes().toggleBulletList(),
    isActive: (editor) => editor.isActive("bulletList"),
  },
  {
    id: "ordered-list",
    label: "Numbered list",
    icon: "list-ordered",
    group: LISTS,
    words: "ordered numbers steps",
    hint: "1.",
    run: (chain) => chain.clearNodes().toggleOrderedList(),
    isActive: (editor) => editor.isActive("orderedList"),
  },
  {
    id: "task-list",
    label: "Task list",
    icon: "list-checks",
    group: LISTS,
    words: "todo check checklist",
    hint: "[ ]",
    run: (chain) => chain.clearNodes().toggleTaskList(),
    isActive: (editor) => editor.isActive("taskList"),
  },
  {
    id: "table",
    label: "Table",
    icon: "table",
    group: INSERT,
    words: "grid rows columns",
    run: (chain) => chain.insertTable({ rows: 3, cols: 3, withHeaderRow: true }),
  },
  {
    id: "divider",
    label: "Divider",
    icon: "minus",
    group: INSERT,
    words: "rule line separator hr",
    hint: "---",
    run: (chain) => chain.setHorizontalRule(),
  },
];

/** What the bubble offers to turn the selection into. */
export const TURN_INTO: readonly Block[] = BLOCKS.filter((block) => block.isActive);

/** Return the blocks whose label or other words begin with every word of the query, best first. */
export function filterBlocks<T extends Pick<Block, "label" | "words">>(
  blocks: readonly T[],
  query: string,
): T[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  const starts = (text: string, word: string) => text.split(/\s+/).some((part) => part.startsWith(word));
  const matching = blocks.filter(({ label, words }) =>
    wanted.every((word) => starts(label.toLowerCase(), word) || starts(words, word)),
  );
  const inLabel = (block: T) => wanted.every((word) => starts(block.label.toLowerCase(), word));
  return wanted.length === 0
    ? matching
    : [...matching.filter(inLabel), ...matching.filter((block) => !inLabel(block))];
}
