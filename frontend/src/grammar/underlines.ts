/**
 * Draws findings under the words of the text. What is wrong in a block depends on its text alone, so findings are looked
 * up by it: no edit, of whomever, can leave one under other words.
 */
import { isChangeOrigin } from "@tiptap/extension-collaboration";
import type { Node } from "@tiptap/pm/model";
import { type EditorState, Plugin, PluginKey, type Transaction } from "@tiptap/pm/state";
import { Decoration, DecorationSet } from "@tiptap/pm/view";
import { blockText } from "../collaboration/anchors";
import { isTouched, touchedBlocks } from "../collaboration/touched-blocks";
import type { Finding } from "./findings";

/** A finding in its place. */
export interface Underline {
  id: string;
  from: number;
  to: number;
  /** The text of its block when it was found. */
  block: string;
  finding: Finding;
}

interface State {
  underlines: readonly Underline[];
  decorations: DecorationSet;
  /** Grows when some come or go; not when they only move. */
  version: number;
}

export const underlinesKey = new PluginKey<State>("grammar");

/** Blocks to look up again, by their text; null for every one. */
export type Stale = ReadonlySet<string> | null;

/** What is known to be wrong in a block with this text; null while that is not known. */
export type LookUp = (text: string) => readonly Finding[] | null;

/** `changed`: some came or went. Called after the view is up to date. */
export function underlinesPlugin(lookUp: LookUp, changed: () => void): Plugin<State> {
  return new Plugin<State>({
    key: underlinesKey,
    state: {
      init: () => ({ underlines: [], decorations: DecorationSet.empty, version: 0 }),
      apply(tr, value, _before, state) {
        const stale = tr.getMeta(underlinesKey) as Stale | undefined;
        if (stale === null || (tr.docChanged && isChangeOrigin(tr))) return draw(state, value, lookUp);
        const now = tr.docChanged && value.underlines.length > 0 ? mapped(tr, value) : value;
        return stale ? drawSome(state, now, lookUp, stale) : now;
      },
    },
    props: { decorations: (state) => underlinesKey.getState(state)?.decorations },
    view: () => ({
      update(view, before) {
        if (underlinesKey.getState(view.state)?.version !== underlinesKey.getState(before)?.version)
          queueMicrotask(changed);
      },
    }),
  });
}

export function underlinesOf(state: EditorState): readonly Underline[] {
  return underlinesKey.getState(state)?.underlines ?? [];
}

/** Every block of prose with its position and text. */
export function proseBlocks(doc: Node): { pos: number; text: string }[] {
  const blocks: { pos: number; text: string }[] = [];
  doc.descendants((node, pos) => {
    if (!node.isTextblock) return true;
    if (!node.type.spec.code && node.content.size > 0) blocks.push({ pos: pos + 1, text: textOf(node) });
    return false;
  });
  return blocks;
}

const texts = new WeakMap<Node, string>();

/** Blocks do not change while they are the same object. Code inside the line is blanked out: it is not prose. */
export function textOf(block: Node): string {
  let text = texts.get(block);
  if (text === undefined) {
    text = withoutCode(block, blockText(block));
    texts.set(block, text);
  }
  return text;
}

function withoutCode(block: Node, text: string): string {
  let prose = text;
  block.forEach((child, offset) => {
    if (child.marks.some(({ type }) => type.spec.code))
      prose = prose.slice(0, offset) + "\ufffc".repeat(child.nodeSize) + prose.slice(offset + child.nodeSize);
  });
  return prose;
}

/** Whether any of these blocks is underlined otherwise than it should be. */
export function hasNews(state: EditorState, stale: Stale, lookUp: LookUp): boolean {
  if (!stale) return true;
  return news(state.doc, underlinesOf(state), lookUp, stale).length > 0;
}

interface Block {
  from: number;
  to: number;
  underlines: readonly Underline[];
}

function draw({ doc }: EditorState, { underlines: before, version }: State, lookUp: LookUp): State {
  const ids = new Ids(before);
  const underlines = proseBlocks(doc).flatMap((block) => underlinesIn(doc, block, before, lookUp, ids));
  return {
    underlines,
    decorations: DecorationSet.create(doc, underlines.map(decoration)),
    version: areSame(underlines, before) ? version : version + 1,
  };
}

/** Only what is new is drawn: the words of other blocks are not even looked at. */
function drawSome({ doc }: EditorState, value: State, lookUp: LookUp, stale: ReadonlySet<string>): State {
  const changed = news(doc, value.underlines, lookUp, stale);
  if (changed.length === 0) return value;
  const inChanged = (one: Underline) => changed.some((block) => isIn(one, block));
  const gone = new Set(value.underlines.filter(inChanged).map(({ id }) => id));
  const come = changed.flatMap(({ underlines }) => underlines);
  return {
    underlines: [...value.underlines.filter(({ id }) => !gone.has(id)), ...come].toSorted(
      (one, other) => one.from - other.from,
    ),
    decorations: without(value.decorations, gone).add(doc, come.map(decoration)),
    version: value.version + 1,
  };
}

/** The blocks whose underlines are others now, with these. */
function news(
  doc: Node,
  before: readonly Underline[],
  lookUp: LookUp,
  stale: ReadonlySet<string>,
): readonly Block[] {
  const blocks = proseBlocks(doc).flatMap((block) => {
    if (!stale.has(block.text)) return [];
    const place = { from: block.pos, to: block.pos + block.text.length };
    return [{ block, place, known: before.filter((one) => isIn(one, place)) }];
  });
  const ids = new Ids(blocks.flatMap(({ known }) => known));
  return blocks.flatMap(({ block, place, known }) => {
    const underlines = underlinesIn(doc, block, known, lookUp, ids);
    return areSame(underlines, known) ? [] : [{ ...place, underlines }];
  });
}

function underlinesIn(
  doc: Node,
  { pos, text }: { pos: number; text: string },
  before: readonly Underline[],
  lookUp: LookUp,
  ids: Ids,
): readonly Underline[] {
  const found = lookUp(text);
  // Not checked yet: what was there and still fits stays until the answer comes.
  if (!found)
    return before
      .filter((one) => isIn(one, { from: pos, to: pos + text.length }) && isThere(doc, one))
      .map((one) => ({ ...one, id: ids.take(one.block, one.finding) }));
  return found.map((finding) => ({
    id: ids.take(text, finding),
    from: pos + finding.start,
    to: pos + finding.end,
    block: text,
    finding,
  }));
}

function areSame(underlines: readonly Underline[], before: readonly Underline[]): boolean {
  return (
    underlines.length === before.length &&
    underlines.every(({ id, finding }, at) => id === before[at]?.id && finding === before[at]?.finding)
  );
}

function isIn({ from, to }: Underline, block: { from: number; to: number }): boolean {
  return from >= block.from && to <= block.to;
}

let made = 0;

/** A finding keeps its id while it is one of the same text, wherever that moves: what is drawn of it stays. */
class Ids {
  private readonly known = new Map<string, string[]>();

  constructor(before: readonly Underline[]) {
    for (const { id, block, finding } of before) {
      const key = this.key(block, finding);
      const ids = this.known.get(key);
      if (ids) ids.push(id);
      else this.known.set(key, [id]);
    }
  }

  take(block: string, finding: Finding): string {
    return this.known.get(this.key(block, finding))?.shift() ?? `finding-${++made}`;
  }

  private key(block: string, { start, end, kind }: Finding): string {
    return `${start} ${end} ${kind} ${block}`;
  }
}

function mapped(tr: Transaction, { underlines, decorations, version }: State): State {
  const touched = touchedBlocks(tr);
  const lost = new Set<string>();
  const kept = underlines.flatMap((one) => {
    const moved = { ...one, from: tr.mapping.map(one.from, 1), to: tr.mapping.map(one.to, -1) };
    const stands =
      !isTouched(touched, moved.from, moved.to) || (moved.from < moved.to && isThere(tr.doc, moved));
    if (!stands) lost.add(one.id);
    return stands ? [moved] : [];
  });
  return {
    underlines: kept,
    decorations: without(decorations.map(tr.mapping, tr.doc), lost),
    version: lost.size > 0 ? version + 1 : version,
  };
}

function without(decorations: DecorationSet, ids: ReadonlySet<string>): DecorationSet {
  if (ids.size === 0) return decorations;
  return decorations.remove(decorations.find(undefined, undefined, ({ id }) => ids.has(id)));
}

function decoration({ id, from, to, finding }: Underline): Decoration {
  const looks = { class: `finding finding-${finding.kind}`, "data-finding": id };
  return Decoration.inline(from, to, looks, { id });
}

/** Whether the words of a finding stand where it is. */
export function isThere(doc: Node, { from, to, finding }: Underline): boolean {
  if (to > doc.content.size) return false;
  const $from = doc.resolve(from);
  if (!$from.parent.isTextblock || to > $from.end()) return false;
  return textOf($from.parent).slice($from.parentOffset, $from.parentOffset + to - from) === finding.original;
}
