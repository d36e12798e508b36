/** Where a transaction changed something: what stands elsewhere is as it was, and only moved. */
import type { Transaction } from "@tiptap/pm/state";

export interface Touched {
  from: number;
  to: number;
}

/** The blocks in which a transaction changed something, in the new document. */
export function touchedBlocks(tr: Transaction): Touched[] {
  const touched: Touched[] = [];
  for (const [index, map] of tr.mapping.maps.entries()) {
    const later = tr.mapping.slice(index + 1);
    map.forEach((_oldStart, _oldEnd, start, end) => {
      const $from = tr.doc.resolve(later.map(start, -1));
      const $to = tr.doc.resolve(later.map(end, 1));
      touched.push({
        from: $from.depth > 0 ? $from.start($from.depth) : $from.pos,
        to: $to.depth > 0 ? $to.end($to.depth) : $to.pos,
      });
    });
  }
  return touched;
}

/** Whether a stretch of the new document lies in a touched block, or at its edge. */
export function isTouched(touched: readonly Touched[], from: number, to: number): boolean {
  return touched.some((block) => block.from <= to && from <= block.to);
}
