/**
 * Two may take one proposal in the same moment, or parts of it: then those words are in the text twice. One of the two
 * takes theirs back, and only theirs: who that is each browser finds by itself in the shared document. Where somebody
 * wrote into what was taken, it stays, and the other gives way.
 */
import type { Editor } from "@tiptap/core";
import { ySyncPluginKey, yUndoPluginKey } from "@tiptap/y-tiptap";
import * as Y from "yjs";
import { keepingMarks, markAnew, marksIn } from "../collaboration/provenance-marks";
import {
  coveredBy,
  isString,
  isTakenTwice,
  itemsOf,
  type Run,
  stands,
  type Take,
  type Told,
  takesIn,
  takesOf,
  watchRun,
  writeTelling,
  writtenWith,
} from "../collaboration/takes";
import type { Step } from "./undo-step";

/** The origin of what is written when somebody gives way. */
const GIVE_WAY = {};

/** What one take wrote here. */
interface Written {
  of: readonly string[];
  words: Run;
  /** The text behind a split. */
  beside: Run | null;
  /** Its characters, of the words and beside. */
  characters: string;
  /** Which of the words were marked as the assistant's, and how. */
  marked: { run: Run; mark: object }[];
  /** The takes that were known when it was written: it is none of theirs. */
  known: ReadonlySet<string>;
  step: Step | null;
}

/** What of a take is in the document. */
interface Standing {
  words: Y.Item[];
  beside: Y.Item[];
}

export class TakenTwice {
  private readonly written = new Map<string, Written>();
  private shared: Y.Doc | null = null;
  private isWriting = false;

  constructor(private readonly editor: Editor) {
    editor.on("destroy", () => {
      this.shared?.off("beforeObserverCalls", this.heard);
      this.written.clear();
    });
  }

  /** Whether two took of a proposal, and none of them has given way yet. */
  isTwice(id: string): boolean {
    const doc = this.doc;
    return doc !== null && isTakenTwice(doc, id);
  }

  /** Run `write`, which puts this into the document, and then `besides`, which writes anew what stood behind it. */
  take(told: Told, write: () => void, besides?: () => void): void {
    const doc = this.follow();
    if (!doc) {
      write();
      besides?.();
      return;
    }
    const known = new Set(takesIn(doc, new Set(told.of)).map(({ key }) => key));
    const intact = [...this.written.values()].filter((written) => this.isIntact(doc, written));
    this.isWriting = true;
    try {
      const wrote = writeTelling(doc, told, write);
      const after = watchRun(doc);
      besides?.();
      // What stood beside earlier takes may have moved on with this one.
      for (const written of intact) written.characters = charactersIn(doc, written);
      if (!wrote) return;
      const end = after.end();
      const runs = { words: wrote.run, beside: end.length > 0 ? end : null };
      const step = this.undo?.undoStack.at(-1) ?? null;
      const characters = charactersIn(doc, runs);
      const marked = doc.transact((transaction) => markedIn(standingOf(transaction, runs).words));
      this.written.set(wrote.key, { of: told.of, ...runs, characters, marked, known, step });
    } finally {
      this.isWriting = false;
    }
  }

  private isIntact(doc: Y.Doc, written: Written): boolean {
    return charactersIn(doc, written) === written.characters;
  }

  private follow(): Y.Doc | null {
    const { doc } = this;
    if (doc && this.shared !== doc) {
      this.shared = doc;
      this.undo?.addToScope(takesOf(doc));
      doc.on("beforeObserverCalls", this.heard);
    }
    return doc;
  }

  private get doc(): Y.Doc | null {
    return ySyncPluginKey.getState(this.editor.state)?.doc ?? null;
  }

  private get undo(): Y.UndoManager | undefined {
    return yUndoPluginKey.getState(this.editor.state)?.undoManager;
  }

  /** Before the page shows it, and before the editor's binding writes anything anew. */
  private readonly heard = (transaction: Y.Transaction, doc: Y.Doc): void => {
    if (this.isWriting || this.written.size === 0 || transaction.origin === GIVE_WAY) return;
    const keys = transaction.changed.get(takesOf(doc) as never);
    if (!keys) return;
    this.look(doc);
    const hasGivenWay = [...keys].some((key) => key !== null && !takesOf(doc).has(key));
    if (hasGivenWay && !transaction.local) doc.transact((own) => this.markAnew(own), GIVE_WAY);
  };

  /** The marks of who gave way may have been those of what stays here. */
  private markAnew(transaction: Y.Transaction): void {
    const { clientID } = transaction.doc;
    for (const { run, mark } of [...this.written.values()].flatMap(({ marked }) => marked)) {
      const items = itemsOf(transaction, clientID, run).filter(({ deleted }) => !deleted);
      markAnew(new Set(items), mark);
    }
  }

  private look(doc: Y.Doc): void {
    const told = takesOf(doc);
    const proposals = new Set([...this.written.keys()].flatMap((key) => told.get(key)?.of ?? []));
    const all = takesIn(doc, proposals);
    const own = all.filter(({ key }) => this.written.has(key));
    if (!own.some((take) => coveredBy(take, all).length > 0)) return;
    doc.transact((transaction) => {
      const standing = new Set(all.filter((take) => stands(transaction, take)));
      for (const take of own) {
        const known = this.written.get(take.key)?.known;
        const winners = coveredBy(take, all, (other) => standing.has(other) && !known?.has(other.key));
        if (winners.length > 0) this.settle(transaction, take, winners, all);
      }
    }, GIVE_WAY);
  }

  private settle(
    transaction: Y.Transaction,
    take: Take,
    winners: readonly Take[],
    all: readonly Take[],
  ): void {
    const written = this.written.get(take.key);
    if (!written) return;
    const standing = standingOf(transaction, written);
    const others = all.filter(
      ({ client, of }) => client !== take.client && of.some((id) => take.of.includes(id)),
    );
    const isChanged = charactersOf(standing) !== written.characters;
    if (isChanged || this.isWrittenInto(transaction, standing, others)) {
      const { key, client: _client, ...told } = take;
      takesOf(transaction.doc).set(key, { ...told, own: true });
      return;
    }
    this.giveWay(transaction, take, winners, standing);
    this.written.delete(take.key);
    this.forget(written);
  }

  /** Whether somebody wrote anything but more of the proposal into what was taken, or right behind it. */
  private isWrittenInto(
    transaction: Y.Transaction,
    { words, beside }: Standing,
    takes: readonly Take[],
  ): boolean {
    const items = [...words, ...beside];
    const taken = new Set([
      ...[...this.written.values()].flatMap((written) =>
        Object.values(standingOf(transaction, written)).flat(),
      ),
      ...takes.flatMap((take) => writtenWith(transaction, take)),
    ]);
    return [...textsOf(items)].some((text) => {
      for (let item = text._start; item; item = item.right)
        if (!item.deleted && item.countable && !taken.has(item) && follows(item, items)) return true;
      return false;
    });
  }

  private giveWay(
    transaction: Y.Transaction,
    take: Take,
    winners: readonly Take[],
    { words, beside }: Standing,
  ): void {
    const isElsewhere = take.beside === undefined || winners.some((one) => one.beside === take.beside);
    const going = [...words, ...(isElsewhere ? beside : [])];
    const leaves = going.filter(isLeaf);
    keepingMarks(textsOf(leaves), new Set(winners.map(({ client }) => client)), () => {
      for (const item of leaves) item.delete(transaction);
    });
    for (const item of going) if (isEmptyBlock(item)) item.delete(transaction);
    takesOf(transaction.doc).delete(take.key);
  }

  /** Undo would bring back what the edit deleted, which the others' edit deleted too and wrote elsewhere. */
  private forget({ step, beside }: Written): void {
    const { undo } = this;
    if (!undo || !step) return;
    const isShared = [...this.written.values()].some((other) => other.step === step);
    if (beside || !isShared) undo.undoStack = undo.undoStack.filter((one) => one !== step);
  }
}

function markedIn(items: readonly Y.Item[]): Written["marked"] {
  const marks = new Map([...textsOf(items)].flatMap((text) => [...marksIn(text)]));
  return items.flatMap((item) => {
    const mark = marks.get(item);
    return mark ? [{ run: { clock: item.id.clock, length: item.length }, mark }] : [];
  });
}

type Runs = Pick<Written, "words" | "beside">;

function charactersIn(doc: Y.Doc, runs: Runs): string {
  return doc.transact((transaction) => charactersOf(standingOf(transaction, runs)));
}

function standingOf(transaction: Y.Transaction, { words, beside }: Runs): Standing {
  const { clientID } = transaction.doc;
  return {
    words: itemsOf(transaction, clientID, words),
    beside: beside ? itemsOf(transaction, clientID, beside) : [],
  };
}

/** Without blanks: where one stands beside another, either may be the one that was written. */
function charactersOf({ words, beside }: Standing): string {
  return [...words, ...beside]
    .map(({ deleted, content }) => (!deleted && content instanceof Y.ContentString ? content.str : ""))
    .join("")
    .replace(/\s/g, "");
}

function textsOf(items: readonly Y.Item[]): Set<Y.XmlText> {
  return new Set(items.flatMap(({ parent }) => (parent instanceof Y.XmlText ? [parent] : [])));
}

/** Whether an item was written behind one of `items`, or into a text that is one of them. */
function follows({ origin, parent }: Y.Item, items: readonly Y.Item[]): boolean {
  if (!origin) return items.includes((parent as Y.XmlText)._item as Y.Item);
  return items.some(
    (item) =>
      isString(item) &&
      item.id.client === origin.client &&
      item.id.clock <= origin.clock &&
      origin.clock < item.id.clock + item.length,
  );
}

/** Text, or a mark around it. */
function isLeaf({ deleted, content, parentSub }: Y.Item): boolean {
  return !deleted && parentSub === null && !(content instanceof Y.ContentType);
}

function isEmptyBlock({ deleted, content }: Y.Item): boolean {
  return !deleted && content instanceof Y.ContentType && isEmpty(content.type) && isBlock(content.type);
}

/** Texts stay: others' words may be on their way into them. */
function isBlock(type: Y.AbstractType<unknown>): boolean {
  return type instanceof Y.XmlElement;
}

function isEmpty(type: Y.AbstractType<unknown>): boolean {
  for (let child = type._start; child; child = child.right) {
    if (child.deleted || !child.countable) continue;
    if (!(child.content instanceof Y.ContentType) || isBlock(child.content.type)) return false;
    if (!isEmpty(child.content.type)) return false;
  }
  return true;
}
