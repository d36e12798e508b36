/** What several wrote into the shared document at one place, none of them knowing of the others. */
import * as Y from "yjs";

/** What one client wrote at a place, in one go or in several. */
export interface Writing {
  client: number;
  text: Y.XmlText;
  words: string;
}

/**
 * The writings at each place where more than one client wrote the same words, or the beginning of them, at once.
 * `words`: what is looked for, and may go on.
 */
export function writtenAtOnce(shared: Y.XmlFragment, words: string): Writing[][] {
  const places = new Map<string, Writing[]>();
  for (const text of textsIn(shared)) {
    for (let item = text._start; item; item = item.right) {
      if (!isText(item) || !beginsAlike(item.content.str, words)) continue;
      const writing = { client: item.id.client, text, words: chain(item) };
      if (!isSame(writing.words, words)) continue;
      const place = neighbours(item);
      places.set(place, [...(places.get(place) ?? []), writing]);
    }
  }
  return [...places.values()].filter((all) => new Set(all.map(({ client }) => client)).size > 1);
}

/**
 * How many characters a writer wrote there and, with the provenance mark of `id`, in other blocks. Where two marks meet,
 * Yjs may leave one of the texts without: there the place tells.
 */
export function extent(shared: Y.XmlFragment, { client, text: there, words }: Writing, id: string): number {
  let found = characters(words);
  for (const text of textsIn(shared)) {
    if (text === there) continue;
    let isMarked = false;
    for (let item = text._start; item; item = item.right) {
      const { content } = item;
      if (!item.deleted && content instanceof Y.ContentFormat && content.key === "origin")
        isMarked = (content.value as { gen?: unknown } | null)?.gen === id;
      if (isMarked && isText(item) && item.id.client === client) found += characters(item.content.str);
    }
  }
  return found;
}

/** Without white space: line breaks become paragraphs, and blanks at their ends may go. */
function characters(text: string): number {
  return bare(text).length;
}

function bare(text: string): string {
  return text.replace(/\s/g, "");
}

/** Most text does not: it is not looked at any closer. */
function beginsAlike(one: string, other: string): boolean {
  return one.charAt(one.search(/\S/)) === other.charAt(other.search(/\S/));
}

function isSame(one: string, other: string): boolean {
  const [some, more] = [bare(one), bare(other)].toSorted((a, b) => a.length - b.length);
  return Boolean(some && more?.startsWith(some));
}

function textsIn(parent: Y.XmlFragment): Y.XmlText[] {
  return parent.toArray().flatMap((child) => {
    if (child instanceof Y.XmlText) return [child];
    return child instanceof Y.XmlElement ? textsIn(child) : [];
  });
}

function isText(item: Y.Item): item is Y.Item & { content: Y.ContentString } {
  return !item.deleted && item.content instanceof Y.ContentString;
}

/** From `first` on, what its client wrote behind what it had written. */
function chain(first: Y.Item): string {
  const items: Y.Item[] = [];
  let words = "";
  for (let item: Y.Item | null = first; item; item = item.right) {
    if (item.deleted || !item.countable) continue;
    if (!isText(item) || (item !== first && !continues(item, items))) break;
    items.push(item);
    words += item.content.str;
  }
  return words;
}

function continues({ id, origin }: Y.Item, items: readonly Y.Item[]): boolean {
  return items.some(
    (before) =>
      before.id.client === id.client &&
      before.id.client === origin?.client &&
      before.id.clock <= origin.clock &&
      origin.clock < before.id.clock + before.length,
  );
}

/**
 * What stood on either side when it was written: the same for two who did not know of each other. The first words of a
 * block are alone in it: then what the block, or its text, stands between tells.
 */
function neighbours({ origin, rightOrigin, parent }: Y.Item): string {
  const above = origin || rightOrigin ? null : (parent as Y.AbstractType<unknown> | null)?._item;
  return above ? neighbours(above) : `${written(origin)} ${written(rightOrigin)}`;
}

function written(id: Y.ID | null): string {
  return id ? `${id.client}:${id.clock}` : "-";
}
