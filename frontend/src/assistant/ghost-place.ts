/** Where a ghost is while everybody writes, and how much of its text is already in the document there. */
import { isChangeOrigin } from "@tiptap/extension-collaboration";
import type { Node } from "@tiptap/pm/model";
import type { EditorState, Transaction } from "@tiptap/pm/state";
import { ySyncPluginKey } from "@tiptap/y-tiptap";
import { Resolver, resolveAnchor } from "../collaboration/anchors";
import type { Ghost } from "./ghost-element";

export interface Placed {
  id: string;
  left: number;
  right: number;
  /** Where the rest is drawn; -1 while the anchor's characters have not arrived, or it waits for others. */
  pos: number;
  consumed: number;
  /** Two took of it at once, and one has to give way; or somebody took more than has arrived here. */
  waits?: boolean;
}

export interface FollowContext {
  tr: Transaction;
  state: EditorState;
  /** Made when first needed: one walk for all ghosts. */
  resolver: Resolver | null;
  took: string | null;
  /** Whether two took of a ghost, and none of them has given way yet. */
  isTwice(id: string): boolean;
}

/** Return where a ghost is after a transaction, or null when the transaction dismissed it. */
export function follow(ghost: Ghost, place: Placed, context: FollowContext): Placed | null {
  const { tr, state } = context;
  const fromYjs = isChangeOrigin(tr);
  const own = tr.docChanged && (!fromYjs || isUndoRedo(tr));
  if (own && !fromYjs && place.pos < 0) return place; // the Yjs document is still the old one
  const range = fromYjs || place.pos < 0 ? resolve(ghost, context) : mapped(place, tr);
  if (range === "unknown") return { ...place, pos: -1 };
  if (range === "lost") return null;

  const located = locate(state.doc, range, { id: ghost.id, text: ghost.text, after: ghost.anchor.after });
  if (!located) {
    const isUpToDate = fromYjs || !tr.docChanged;
    const waits = isUpToDate && (isAhead(ghost, range, state.doc) || context.isTwice(ghost.id));
    return waits ? { ...place, pos: -1, waits } : null;
  }
  const advanced = located.consumed !== place.consumed;
  if (own && advanced) ghost.takenHere = true;
  else if (advanced && fromYjs) ghost.takenHere = false;
  if (own && ghost.mine && !advanced && context.took !== ghost.id) return null; // writing on elsewhere
  if (ghost.private && !fromYjs && state.selection.head !== located.pos) return null;
  return { id: place.id, left: range.left, right: range.right, ...located };
}

function resolve(ghost: Ghost, context: FollowContext): Range | "unknown" | "lost" {
  context.resolver ??= new Resolver(context.state);
  const place = resolveAnchor(context.resolver, ghost.anchor);
  return typeof place === "string" ? place : { ...place, exact: false };
}

/** Whether somebody took more of it than has arrived here. */
function isAhead({ id, text, over }: Ghost, { left }: Range, doc: Node): boolean {
  const $left = doc.resolve(left);
  const words = $left.parent.textBetween($left.parentOffset, $left.parent.content.size, null, "\ufffc");
  return !over && words.startsWith(text) && markedLength(doc, left, id) > text.length;
}

function mapped(place: Placed, tr: Transaction): Range {
  return { left: tr.mapping.map(place.left, -1), right: tr.mapping.map(place.right, 1), exact: true };
}

function isUndoRedo(tr: Transaction): boolean {
  const change = tr.getMeta(ySyncPluginKey) as { isUndoRedoOperation?: boolean } | undefined;
  return Boolean(change?.isUndoRedoOperation);
}

/** How far behind a place the text that followed it is looked for. */
const LOOK_AHEAD_CHARACTERS = 60;

interface Range {
  left: number;
  right: number;
  /** `right` was mapped through a local edit. Otherwise it comes from Yjs, whose diff of "a b" to "a  b" may put it a
   * character early or late; then the text that followed the place says more. */
  exact: boolean;
}

/**
 * Return how much of `text` is already in the document, and where the rest goes; null when something else was written.
 *
 * What was written is what stands before `after` (the text that followed the place when it was made); paragraphs that
 * begin with the provenance mark of `id` go on.
 */
function locate(
  doc: Node,
  range: Range,
  { id, text, after }: { id: string; text: string; after: string },
): { pos: number; consumed: number } | null {
  let pos = range.left;
  let base = 0;
  for (;;) {
    const $pos = doc.resolve(pos);
    const words = $pos.parent.textBetween($pos.parentOffset, $pos.parent.content.size, null, "\ufffc");
    const same = commonStart(words, text.slice(base));
    if (same === words.length) {
      const breaks = /^\n+/.exec(text.slice(base + same))?.[0].length ?? 0;
      const next = breaks > 0 ? nextMarkedBlock(doc, $pos.after(), id) : null;
      if (next !== null) {
        base += same + breaks;
        pos = next;
        continue;
      }
    }
    const written = writtenLength(doc, pos, words, same, { ...range, id, after, first: base === 0 });
    return written === null ? null : { pos: pos + written, consumed: base + written };
  }
}

/** How many characters at `pos` were written since the ghost's place was made, or null when they are not the ghost's. */
function writtenLength(
  doc: Node,
  pos: number,
  words: string,
  same: number,
  place: Range & { id: string; after: string; first: boolean },
): number | null {
  const marked = Math.min(same, markedLength(doc, pos, place.id));
  const between = place.first ? Math.max(0, Math.min(place.right - pos, words.length)) : 0;
  if (place.exact && place.first) return between <= same ? Math.max(between, marked) : null;
  const rest = `${words}\n`;
  for (let length = 0; length <= Math.min(words.length, same + LOOK_AHEAD_CHARACTERS); length++) {
    if (rest.startsWith(place.after, length)) return length <= same ? length : null;
  }
  // The text that followed was edited too: go by what is sure.
  return between <= same ? Math.max(between, marked) : null;
}

function commonStart(one: string, other: string): number {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length++;
  return length;
}

/** How many characters from `pos` on carry the provenance mark of `id`. */
function markedLength(doc: Node, pos: number, id: string): number {
  let length = 0;
  for (let node = doc.resolve(pos).nodeAfter; belongs(node, id); node = doc.resolve(pos + length).nodeAfter) {
    length += node?.nodeSize ?? 0;
  }
  return length;
}

function belongs(node: Node | null | undefined, id: string): boolean {
  return Boolean(node?.marks.some((mark) => mark.type.name === "origin" && mark.attrs.gen === id));
}

/** The start of the text block at or behind `pos`, if it begins with text of generation `id`. */
function nextMarkedBlock(doc: Node, pos: number, id: string): number | null {
  if (pos > doc.content.size) return null;
  const node = doc.resolve(pos).nodeAfter;
  return node?.isTextblock && belongs(node.firstChild, id) ? pos + 1 : null;
}
