/**
 * Words on their way into a block that somebody else removes: joins with another, makes a heading or a list of, moves. To
 * Yjs they go with the block, though whoever removed it never saw them. The browser they were typed in writes them again:
 * into what has become of the block, or else as a paragraph where it stood.
 *
 * Not rescued: what the server had got, where the connection was lost before the removal of its block was heard here. The
 * server's answer then names it among what is deleted, as it does what somebody saw and deleted.
 */
import * as decoding from "lib0/decoding";
import type { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";

const MESSAGE_SYNC = 0;
const SYNC_STEP_2 = 1;
const UPDATE = 2;
/** Not the editor's: undo is of what was typed, not of this. */
const ORIGIN = "rescue";
/** How much of the text on each side says where in a text something stood. */
const CONTEXT_LENGTH = 24;
/** With text on one side only it must be so much. */
const CONTEXT_MIN = 6;
const EMBED = "\uFFFC";

type Attributes = Record<string, object>;

/** What came for a document, and whose letters can be unknown to who sent it. */
interface Received {
  update: Uint8Array;
  /** The server's answer to what we have: whatever it does not know of is ours. Else only what we are writing now. */
  isAnswer: boolean;
}

/** Words that are to be written again. `at`: an offset into the `text` that was known of their block. */
interface Lost {
  at: number;
  words: string;
  attributes: Attributes;
}

interface Block {
  /** What of the block's text who removed it had seen. */
  text: string;
  lost: Lost[];
  was: Y.XmlText;
}

interface Target {
  text: Y.XmlText;
  at: number;
}

/** Rescues the words that are written in this browser. */
export class Rescue {
  private received: Received | null = null;

  constructor(document: Y.Doc, mayEdit: () => boolean) {
    document.on("afterTransaction", (transaction) => {
      if (this.received && !transaction.local && mayEdit()) rescue(transaction, this.received);
    });
  }

  /** Apply an update by `apply`. */
  receive(received: Received, apply: () => void): void {
    this.received = received;
    try {
      apply();
    } finally {
      this.received = null;
    }
  }

  /** Look at what `provider` receives. */
  follow(provider: WebsocketProvider): void {
    const handle = provider.messageHandlers[MESSAGE_SYNC];
    if (!handle) throw new Error("y-websocket does not read what is synced.");
    provider.messageHandlers[MESSAGE_SYNC] = (...message) => {
      const peek = decoding.clone(message[1]);
      const type = decoding.readVarUint(peek);
      if (type !== SYNC_STEP_2 && type !== UPDATE) return handle(...message);
      const update = decoding.readVarUint8Array(peek);
      this.receive({ update, isAnswer: type === SYNC_STEP_2 }, () => handle(...message));
    };
  }
}

function rescue(transaction: Y.Transaction, received: Received): void {
  const unknown = deletedUnseen(transaction, received);
  if (unknown.clients.size === 0) return;
  const lost = new Set<Y.Item>();
  Y.iterateDeletedStructs(transaction, unknown, (struct) => {
    if (struct instanceof Y.Item && struct.content instanceof Y.ContentString) lost.add(struct);
  });
  const texts = new Set([...lost].flatMap(({ parent }) => (parent instanceof Y.XmlText ? [parent] : [])));
  const blocks = [...texts].map((text) => readBlock(transaction, text, lost));
  const written = blocks.filter((block) => block.lost.some(({ words }) => words.trim()));
  if (written.length === 0) return;
  const changed = changedTexts(transaction);
  transaction.doc.transact(() => {
    for (const block of written) writeAgain(block, changed);
  }, ORIGIN);
}

/** What a transaction deleted of ours beyond what its update names: who deleted it had not seen it. */
function deletedUnseen(
  { deleteSet, doc }: Y.Transaction,
  { update, isAnswer }: Received,
): ReturnType<typeof Y.createDeleteSet> {
  const unseen = Y.createDeleteSet();
  const ours = [...deleteSet.clients].filter(([client]) => isAnswer || client === doc.clientID);
  if (ours.length === 0) return unseen;
  const named = Y.decodeUpdate(update).ds.clients;
  for (const [client, ranges] of ours) {
    const left = without(ranges, named.get(client) ?? []);
    if (left.length > 0) unseen.clients.set(client, left as never);
  }
  return unseen;
}

type Range = { clock: number; len: number };

function without(ranges: readonly Range[], named: readonly Range[]): Range[] {
  let left = [...ranges];
  for (const { clock, len } of named)
    left = left.flatMap((range) => {
      const [end, from, to] = [range.clock + range.len, clock, clock + len];
      if (to <= range.clock || end <= from) return [range];
      return [
        { clock: range.clock, len: from - range.clock },
        { clock: to, len: end - to },
      ].filter(({ len: length }) => length > 0);
    });
  return left;
}

function readBlock(transaction: Y.Transaction, was: Y.XmlText, lostItems: ReadonlySet<Y.Item>): Block {
  let text = "";
  const attributes: Attributes = {};
  const lost: Lost[] = [];
  for (let item = was._start; item; item = item.right) {
    if (item.deleted && !Y.isDeleted(transaction.deleteSet, item.id)) continue;
    const { content } = item;
    if (content instanceof Y.ContentFormat) {
      if (content.value === null) delete attributes[content.key];
      else attributes[content.key] = content.value as unknown as object;
    } else if (content instanceof Y.ContentString && lostItems.has(item)) {
      const last = lost.at(-1);
      if (last?.at === text.length && JSON.stringify(last.attributes) === JSON.stringify(attributes))
        last.words += content.str;
      else lost.push({ at: text.length, words: content.str, attributes: { ...attributes } });
    } else if (item.countable) text += content instanceof Y.ContentString ? content.str : EMBED;
  }
  return { text, lost, was };
}

/** The texts that a transaction wrote or wrote into, and that stand. */
function changedTexts({ doc, beforeState, afterState, changed }: Y.Transaction): Y.XmlText[] {
  const texts = new Set<Y.XmlText>();
  for (const [client, clock] of afterState) {
    const from = beforeState.get(client) ?? 0;
    const structs = doc.store.clients.get(client) ?? [];
    if (from >= clock) continue;
    for (const struct of structs.slice(Y.findIndexSS(structs, from))) {
      const content = struct instanceof Y.Item && !struct.deleted ? struct.content : null;
      if (content instanceof Y.ContentType && content.type instanceof Y.XmlText) texts.add(content.type);
    }
  }
  for (const type of changed.keys() as Iterable<unknown>)
    if (type instanceof Y.XmlText && !type._item?.deleted) texts.add(type);
  return [...texts];
}

function writeAgain(block: Block, changed: readonly Y.XmlText[]): void {
  const targets = block.lost.map(({ at }) => findTarget(block.text, at, changed));
  const homeless = block.lost.filter((_, index) => !targets[index]);
  // From the back: what is written moves what stands behind it.
  for (let index = block.lost.length - 1; index >= 0; index--) {
    const [lost, target] = [block.lost[index], targets[index]];
    if (lost && target) target.text.insert(target.at, lost.words, lost.attributes);
  }
  if (homeless.length > 0) writeParagraph(block.was, homeless);
}

/** Where an offset into a block's text is now, in one of the texts that came about with its removal. */
function findTarget(text: string, at: number, changed: readonly Y.XmlText[]): Target | null {
  const [before, after] = [text.slice(0, at), text.slice(at)];
  const near = { before: before.slice(-CONTEXT_LENGTH), after: after.slice(0, CONTEXT_LENGTH) };
  const ways = [
    { before, after },
    near,
    { before: near.before, after: "" },
    { before: "", after: near.after },
  ];
  for (const [index, way] of ways.entries()) {
    const wanted = way.before + way.after;
    if (wanted.trim() === "" || (index > 1 && wanted.length < CONTEXT_MIN)) continue;
    for (const one of changed) {
      const found = plainText(one).indexOf(wanted);
      if (found >= 0) return { text: one, at: found + way.before.length };
    }
  }
  return null;
}

function plainText(text: Y.XmlText): string {
  let plain = "";
  for (let item = text._start; item; item = item.right)
    if (!item.deleted && item.countable)
      plain += item.content instanceof Y.ContentString ? item.content.str : EMBED;
  return plain;
}

/** Write words as a paragraph where their text stood: in the whole document, where any paragraph may be. */
function writeParagraph(was: Y.XmlText, lost: readonly Lost[]): void {
  let place = was._item;
  while (place && (place.parent as Y.AbstractType<unknown>)._item)
    place = (place.parent as Y.AbstractType<unknown>)._item;
  const root = place?.parent;
  if (!place || !(root instanceof Y.XmlFragment)) return;
  let index = place.deleted ? 0 : 1;
  for (let left = place.left; left; left = left.left)
    if (!left.deleted && left.countable) index += left.length;
  const paragraph = new Y.XmlElement("paragraph");
  const text = new Y.XmlText();
  paragraph.insert(0, [text]);
  root.insert(index, [paragraph]);
  for (const [number, { words, attributes }] of lost.entries())
    text.insert(text.length, number > 0 ? ` ${words}` : words, attributes);
}
