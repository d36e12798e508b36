/** How one text differs from another: the new one with what was inserted and what was deleted marked in it, word by word. */
import { Fragment, type Mark, type Node, Schema } from "@tiptap/pm/model";
import { type ArrayChange, diffArrays } from "diff";
import { tokens } from "../assistant/replacement";

const INSERTED = "inserted";
const DELETED = "deleted";
/** Texts that differ in more are shown one after the other: comparing them takes long and says nothing. */
const EDITS_MAX = 1200;

/** The schema of the text with two marks more. */
export function differenceSchema({ spec }: Schema): Schema {
  return new Schema({
    nodes: spec.nodes,
    marks: spec.marks
      .addToEnd(INSERTED, { toDOM: () => ["ins", 0] })
      .addToEnd(DELETED, { toDOM: () => ["del", 0] }),
  });
}

/** `after` with its differences from `before`. Both are of a `differenceSchema`. */
export function difference(before: Node, after: Node): Node {
  return after.copy(Fragment.from(blocks(before, after)));
}

function blocks(before: Node, after: Node): Node[] {
  const [old, made] = [before.children, after.children];
  const found: Node[] = [];
  let [gone, come]: [Node[], Node[]] = [[], []];
  const settle = () => {
    found.push(...replaced(gone, come));
    [gone, come] = [[], []];
  };
  let [from, to] = [0, 0];
  for (const { count, added, removed } of changes(old.map(keyOf), made.map(keyOf))) {
    if (removed) gone.push(...old.slice(from, from + count));
    else if (added) come.push(...made.slice(to, to + count));
    else {
      settle();
      found.push(...made.slice(to, to + count));
    }
    if (!added) from += count;
    if (!removed) to += count;
  }
  settle();
  return found;
}

function keyOf(node: Node): string {
  return JSON.stringify(node.toJSON());
}

function changes(old: string[], made: string[]): ArrayChange<string>[] {
  return (
    diffArrays(old, made, { maxEditLength: EDITS_MAX }) ?? [
      { value: old, count: old.length, added: false, removed: true },
      { value: made, count: made.length, added: true, removed: false },
    ]
  );
}

/** Blocks that took the place of others: of a kind they are compared, one by one. */
function replaced(gone: Node[], come: Node[]): Node[] {
  const found: Node[] = [];
  for (let place = 0; place < Math.max(gone.length, come.length); place++) {
    const [old, made] = [gone[place], come[place]];
    if (old && made && old.type === made.type && !made.isLeaf) {
      const inside = made.isTextblock ? words(old, made) : blocks(old, made);
      found.push(made.copy(Fragment.from(inside)));
      continue;
    }
    if (old) found.push(marked(old, DELETED));
    if (made) found.push(marked(made, INSERTED));
  }
  return found;
}

function words(before: Node, after: Node): Node[] {
  const [old, made] = [pieces(before), pieces(after)];
  const found: Node[] = [];
  let [from, to] = [0, 0];
  for (const { count, added, removed } of changes(old.map(wordsOf), made.map(wordsOf))) {
    if (removed) found.push(...old.slice(from, from + count).map((node) => marked(node, DELETED)));
    else found.push(...made.slice(to, to + count).map((node) => (added ? marked(node, INSERTED) : node)));
    if (!added) from += count;
    if (!removed) to += count;
  }
  return found;
}

/** A block's words, each a node of its own, and what else is in the line. */
function pieces(block: Node): Node[] {
  return block.children.flatMap((node) =>
    node.text ? tokens(node.text).map((word) => block.type.schema.text(word, node.marks)) : [node],
  );
}

function wordsOf(node: Node): string {
  return node.text ?? `<${node.type.name}>`;
}

function marked(node: Node, name: string): Node {
  const mark = node.type.schema.mark(name);
  if (node.isInline) return node.mark(withMark(node.marks, mark));
  if (node.isLeaf) return node.mark([mark]);
  return node.copy(Fragment.from(node.children.map((child) => marked(child, name))));
}

/** Outermost, also around code, which takes no other mark in the text. */
function withMark(marks: readonly Mark[], mark: Mark): readonly Mark[] {
  return [mark, ...marks];
}
