/**
 * Where two wrote marked text at one place, Yjs may let one's mark end the other's, or keep one for both. When one of
 * the texts goes, the other is to have its own mark.
 */
import * as Y from "yjs";

const MARK = "origin";

type Mark = object | null;
type Marks = ReadonlyMap<Y.Item, Mark>;

/** Run `remove`, which deletes text and marks in `texts`. What stays keeps its mark; what `clients` wrote gets one. */
export function keepingMarks(
  texts: ReadonlySet<Y.XmlText>,
  clients: ReadonlySet<number>,
  remove: () => void,
): void {
  const before = new Map([...texts].map((text) => [text, marksIn(text)]));
  remove();
  for (const [text, marks] of before)
    mark(text, (item, now) => marks.get(item) ?? (clients.has(item.id.client) ? now : null));
}

/** Give `items` back the mark they were written with. */
export function markAnew(items: ReadonlySet<Y.Item>, wanted: object): void {
  const texts = new Set([...items].flatMap(({ parent }) => (parent instanceof Y.XmlText ? [parent] : [])));
  for (const text of texts) mark(text, (item, now) => (items.has(item) ? wanted : now));
}

/** The provenance mark of each item that is there, in order. */
export function marksIn(text: Y.XmlText): Marks {
  const marks = new Map<Y.Item, Mark>();
  let current: Mark = null;
  for (let item = text._start; item; item = item.right) {
    if (item.deleted) continue;
    if (item.content instanceof Y.ContentFormat) {
      if (item.content.key === MARK) current = item.content.value as unknown as Mark;
    } else if (item.countable) marks.set(item, current);
  }
  return marks;
}

function mark(text: Y.XmlText, wantedFor: (item: Y.Item, now: Mark) => Mark): void {
  let index = 0;
  const wrong: { index: number; length: number; mark: Mark }[] = [];
  for (const [item, now] of marksIn(text)) {
    const wanted = wantedFor(item, now);
    if (JSON.stringify(wanted) !== JSON.stringify(now))
      wrong.push({ index, length: item.length, mark: wanted });
    index += item.length;
  }
  for (const one of wrong) text.format(one.index, one.length, { [MARK]: one.mark });
}
