/** Which part of a text an edit left anew, in whole blocks: all else only moved. */
import type { Node } from "@tiptap/pm/model";

/** What stood between `from` and `was` is now what stands between `from` and `to`. */
export interface Change {
  from: number;
  was: number;
  to: number;
}

/**
 * Compared by what they read: everything that comes from other browsers is made anew, changed or not. Blocks that read
 * as the changed ones beside them belong to the change, since which of them it was cannot be told.
 */
export function changeOf(before: Node, doc: Node): Change | null {
  if (before === doc) return null;
  let [old, now] = [before, doc];
  let start = 0;
  for (;;) {
    const { head, tail } = sides(old, now);
    const [olds, nows] = [old.childCount - tail, now.childCount - tail];
    if (head === olds && head === nows) return null;
    const inner = olds - head === 1 && nows - head === 1 ? [old.child(head), now.child(head)] : [];
    for (let at = 0; at < head; at++) start += now.child(at).nodeSize;
    const [one, other] = inner;
    if (one && other && one.type === other.type && !one.isTextblock && !one.isLeaf) {
      [old, now] = [one, other];
      start += 1;
      continue;
    }
    return { from: start, was: start + size(old, head, olds), to: start + size(now, head, nows) };
  }
}

/** How many blocks at the beginning and the end of both are the same. */
function sides(old: Node, now: Node): { head: number; tail: number } {
  const most = Math.min(old.childCount, now.childCount);
  let head = 0;
  while (head < most && now.child(head).eq(old.child(head))) head++;
  let tail = 0;
  while (tail < most - head && now.child(now.childCount - 1 - tail).eq(old.child(old.childCount - 1 - tail)))
    tail++;
  const changed = [
    ...between(old, head, old.childCount - tail),
    ...between(now, head, now.childCount - tail),
  ];
  const isTwin = (block: Node) => changed.some((one) => one.eq(block));
  if (changed.length > 0) {
    while (head > 0 && isTwin(now.child(head - 1))) head--;
    while (tail > 0 && isTwin(now.child(now.childCount - tail))) tail--;
  }
  return { head, tail };
}

function between(parent: Node, from: number, to: number): Node[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, at) => parent.child(from + at));
}

function size(parent: Node, from: number, to: number): number {
  return between(parent, from, to).reduce((sum, { nodeSize }) => sum + nodeSize, 0);
}
