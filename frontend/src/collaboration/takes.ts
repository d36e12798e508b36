/**
 * Who took what of which proposal: kept beside the text in the shared document, and written in the very update that
 * writes the words, so that nobody sees one without the other.
 */
import { ySyncPluginKey } from "@tiptap/y-tiptap";
import * as Y from "yjs";

const HOME = "takes";

/** What is told of a take. */
export interface Told {
  /** The proposals. */
  of: readonly string[];
  /** The stretch of their text, as offsets into it (UTF-16 code units). */
  from: number;
  to: number;
  /** A person's wording of it, or one that somebody wrote into since: it never gives way. */
  own?: boolean;
  /** What else the edit wrote anew (the text behind a split), in short: two with the same need it once. */
  beside?: string;
}

export interface Take extends Told {
  key: string;
  client: number;
}

/** A run of one client's items. */
export interface Run {
  clock: number;
  length: number;
}

/** Where the takes are, for undo to take them along. */
export function takesOf(doc: Y.Doc): Y.Map<Told> {
  return doc.getMap<Told>(HOME);
}

/** Run `write`, which changes the text, and tell of a take in the same update. Return its key and what was written. */
export function writeTelling(doc: Y.Doc, told: Told, write: () => void): { key: string; run: Run } | null {
  const clockNow = () => Y.getState(doc.store, doc.clientID);
  let key = "";
  let clock = 0;
  const tell = (transaction: Y.Transaction) => {
    if (key || transaction.origin !== ySyncPluginKey) return;
    key = `${doc.clientID}.${clockNow()}`;
    takesOf(doc).set(key, told);
    clock = clockNow();
  };
  doc.on("beforeTransaction", tell);
  try {
    write();
  } finally {
    doc.off("beforeTransaction", tell);
  }
  return key ? { key, run: { clock, length: clockNow() - clock } } : null;
}

/** What one client writes from now on until `end`. */
export function watchRun(doc: Y.Doc): { end(): Run } {
  const clock = Y.getState(doc.store, doc.clientID);
  return { end: () => ({ clock, length: Y.getState(doc.store, doc.clientID) - clock }) };
}

/** The takes of any of these proposals that are told of. */
export function takesIn(doc: Y.Doc, proposals: ReadonlySet<string>): Take[] {
  const found: Take[] = [];
  for (const [key, item] of takesOf(doc)._map) {
    if (item.deleted) continue;
    const told = item.content.getContent()[0] as Told;
    if (told.of.some((id) => proposals.has(id))) found.push({ ...told, key, client: item.id.client });
  }
  return found;
}

/**
 * The takes by others that together say all that `take` says and stay, or none. One's own wording stays; then what
 * reaches further into the proposal, or begins earlier, or answers more; then what the lower client number wrote. Whatever
 * a browser has heard of that, nobody's last copy gives way: what a take is ranked by only ever grows.
 * `all`: every take of the proposal, also those to which `take` cannot give way.
 */
export function coveredBy(
  take: Take,
  all: readonly Take[],
  canWin: (other: Take) => boolean = () => true,
): Take[] {
  if (take.own) return [];
  const better: Take[] = [];
  for (const id of take.of) {
    const others = all.filter(
      (other) =>
        other.client !== take.client &&
        other.of.includes(id) &&
        canWin(other) &&
        isBetter(other, take, id, all),
    );
    let at = take.from;
    while (at < take.to) {
      const next = others.find(({ from, to }) => from <= at && at < to);
      if (!next) return [];
      better.push(next);
      at = next.to;
    }
  }
  return better;
}

function isBetter(one: Take, other: Take, id: string, all: readonly Take[]): boolean {
  if (one.own) return true;
  const by = ({ client }: Take) => all.filter((take) => take.client === client && take.of.includes(id));
  const reach = (take: Take) => Math.max(...by(take).map(({ to }) => to));
  const start = (take: Take) => Math.min(...by(take).map(({ from }) => from));
  const more = reach(one) - reach(other) || start(other) - start(one) || one.of.length - other.of.length;
  return more > 0 || (more === 0 && one.client < other.client);
}

/** Whether some of a proposal is in the text twice, until one of those who took it gives way. */
export function isTakenTwice(doc: Y.Doc, id: string): boolean {
  const takes = takesIn(doc, new Set([id]));
  return takes.some((take) => coveredBy(take, takes).length > 0);
}

/** Text that tells texts apart (FNV-1a). */
export function inShort(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(36);
}

/** The items of a client's run, cut to it; in the place of what undo deleted, what redo wrote anew. */
export function itemsOf(transaction: Y.Transaction, client: number, { clock, length }: Run): Y.Item[] {
  const set = Y.createDeleteSet();
  set.clients.set(client, [{ clock, len: length } as never]);
  const items: Y.Item[] = [];
  Y.iterateDeletedStructs(transaction, set, (struct) => {
    if (!(struct instanceof Y.Item)) return;
    if (struct.deleted && struct.redone)
      items.push(
        ...itemsOf(transaction, struct.redone.client, { clock: struct.redone.clock, length: struct.length }),
      );
    else items.push(struct);
  });
  return items;
}

/** How much longer than its words what a take wrote may be at most, with the blocks and marks before them. */
const FRAME_LENGTH = 16;

/** What was written with a take, by its number of characters. */
export function writtenWith(transaction: Y.Transaction, { key, client, from, to }: Take): Y.Item[] {
  const clock = Number(key.split(".")[1]) + 1;
  const length = Math.min(to - from + FRAME_LENGTH, Y.getState(transaction.doc.store, client) - clock);
  return length > 0 ? itemsOf(transaction, client, { clock, length }) : [];
}

/** Whether any of the words of a take are still in the text. */
export function stands(transaction: Y.Transaction, take: Take): boolean {
  return writtenWith(transaction, take).some((item) => isString(item) && (!item.deleted || isMoved(item)));
}

/** The editor's binding writes the second of two texts in one block anew behind the first. */
function isMoved(item: Y.Item): boolean {
  const text = (item.parent as Y.AbstractType<unknown> | null)?._item;
  const block = (text?.parent as Y.AbstractType<unknown> | null)?._item;
  return Boolean(text?.deleted && block && !block.deleted);
}

export function isString({ content }: Y.Item): boolean {
  return content instanceof Y.ContentString;
}
