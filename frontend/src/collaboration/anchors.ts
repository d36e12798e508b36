/**
 * Places in the shared text that stay put while everybody edits: pairs of Yjs relative positions with a fingerprint.
 *
 * `left` sticks to the character before the place, `right` to the character after it, so that what lies between them is
 * exactly what was written there since. The fingerprint is the text before the place: a split paragraph is deleted and
 * made again in Yjs, which leaves relative positions resolving to the wrong place without any sign.
 */
import type { Node, Schema } from "@tiptap/pm/model";
import type { EditorState } from "@tiptap/pm/state";
import { absolutePositionToRelativePosition, ySyncPluginKey } from "@tiptap/y-tiptap";
import { fromBase64, toBase64 } from "lib0/buffer";
import * as Y from "yjs";

const FINGERPRINT_CHARACTERS = 8;
/** A line break or a picture inside a block: one position, one character. */
const LEAF = "\ufffc";

export interface Anchor {
  left: Y.RelativePosition;
  right: Y.RelativePosition;
  /** Up to 8 characters of the same block, right before the place. */
  before: string;
  /** Up to 8 characters right after it, a line feed for the block's end. */
  after: string;
}

export interface Place {
  left: number;
  right: number;
}

interface SyncPluginState {
  doc: Y.Doc;
  type: Y.XmlFragment;
  binding: { mapping: Parameters<typeof absolutePositionToRelativePosition>[2] };
}

function syncState(state: EditorState): SyncPluginState | undefined {
  return ySyncPluginKey.getState(state) as SyncPluginState | undefined;
}

/** The place `pos` in the shared document, sticking to the character after it (0) or before it (-1). */
export function createRelative(state: EditorState, pos: number, stick: 0 | -1): Y.RelativePosition | null {
  const sync = syncState(state);
  if (!sync) return null;
  const relative = absolutePositionToRelativePosition(
    pos,
    sync.type,
    sync.binding.mapping,
  ) as Y.RelativePosition;
  const place = Y.createAbsolutePositionFromRelativePosition(relative, sync.doc);
  return place && Y.createRelativePositionFromTypeIndex(place.type, place.index, stick);
}

/** Return an anchor at `pos`. Call it outside transactions: the Yjs document has to be up to date with `state`. */
export function createAnchor(state: EditorState, pos: number): Anchor | null {
  const left = createRelative(state, pos, -1);
  const right = createRelative(state, pos, 0);
  if (!left || !right) return null;
  return {
    left,
    right,
    before: fingerprint(state.doc, pos),
    after: following(state.doc, pos),
  };
}

/** A block's text between two of its own offsets, one character per position. */
export function blockText(block: Node, from = 0, to = block.content.size): string {
  return block.textBetween(from, to, null, (leaf) => (leaf.type.name === "hardBreak" ? "\n" : LEAF));
}

export function fingerprint(doc: Node, pos: number): string {
  const $pos = doc.resolve(pos);
  return doc.textBetween(Math.max($pos.start(), pos - FINGERPRINT_CHARACTERS), pos, null, LEAF);
}

function following(doc: Node, pos: number): string {
  const end = doc.resolve(pos).end();
  return `${doc.textBetween(pos, Math.min(end, pos + FINGERPRINT_CHARACTERS), null, LEAF)}\n`.slice(
    0,
    FINGERPRINT_CHARACTERS,
  );
}

/** Where an anchor is now. "unknown": its characters have not arrived yet; "lost": they are gone or moved. */
export function resolveAnchor(resolver: Resolver, anchor: Anchor): Place | "unknown" | "lost" {
  const left = resolver.position(anchor.left);
  const right = resolver.position(anchor.right);
  if (left === "unknown" || right === "unknown") return "unknown";
  if (left === "lost") return "lost";
  const from = intoTextblock(resolver.doc, left, 1);
  if (from === null || fingerprint(resolver.doc, from) !== anchor.before) return "lost";
  const to = right === "lost" ? null : intoTextblock(resolver.doc, right, -1);
  return { left: from, right: Math.max(from, to ?? from) };
}

/** In an empty document the shared text has no paragraph yet, so a place in it is one beside the blocks. */
function intoTextblock(doc: Node, pos: number, direction: 1 | -1): number | null {
  const $pos = doc.resolve(pos);
  if ($pos.parent.isTextblock) return pos;
  const neighbour = direction === 1 ? $pos.nodeAfter : $pos.nodeBefore;
  return neighbour?.isTextblock ? pos + direction : null;
}

/** Resolves any number of relative positions with one walk over the shared document. */
export class Resolver {
  readonly doc: Node;
  private readonly sync: SyncPluginState;
  private starts: Map<Y.AbstractType<unknown>, number> | null = null;

  constructor(state: EditorState) {
    const sync = syncState(state);
    if (!sync) throw new Error("The editor has no shared document.");
    this.sync = sync;
    this.doc = state.doc;
  }

  position(relative: Y.RelativePosition): number | "unknown" | "lost" {
    const place = Y.createAbsolutePositionFromRelativePosition(relative, this.sync.doc);
    if (!place) return this.hasArrived(relative) ? "lost" : "unknown";
    this.starts ??= startPositions(this.sync.type, this.doc.type.schema);
    const start = this.starts.get(place.type as Y.AbstractType<unknown>);
    if (start === undefined) return "lost";
    const offset =
      place.type instanceof Y.XmlText
        ? place.index
        : contentSize(place.type as Y.XmlElement, place.index, this.doc.type.schema);
    return start + offset <= this.doc.content.size ? start + offset : "lost";
  }

  /** A place that does not resolve has either not arrived yet, or was deleted and collected. */
  private hasArrived({ item, type }: Y.RelativePosition): boolean {
    const id = item ?? type;
    return id === null || Y.getState(this.sync.doc.store, id.client) > id.clock;
  }
}

/** Where the inside of every shared type begins in the ProseMirror document. */
function startPositions(fragment: Y.XmlFragment, schema: Schema): Map<Y.AbstractType<unknown>, number> {
  const starts = new Map<Y.AbstractType<unknown>, number>();
  const walk = (parent: Y.XmlFragment, start: number): number => {
    starts.set(parent as Y.AbstractType<unknown>, start);
    let position = start;
    for (const child of parent.toArray()) {
      if (child instanceof Y.XmlText) {
        starts.set(child as Y.AbstractType<unknown>, position);
        position += child.length;
      } else if (child instanceof Y.XmlElement) {
        const end = walk(child, position + 1);
        position = isLeaf(child, schema) ? position + 1 : end + 1;
      }
    }
    return position;
  };
  walk(fragment, 0);
  return starts;
}

function contentSize(parent: Y.XmlFragment, count: number, schema: Schema): number {
  let size = 0;
  for (const child of parent.toArray().slice(0, count)) {
    if (child instanceof Y.XmlText) size += child.length;
    else if (child instanceof Y.XmlElement) {
      size += isLeaf(child, schema) ? 1 : 2 + contentSize(child, child.length, schema);
    }
  }
  return size;
}

function isLeaf(child: Y.XmlElement, schema: Schema): boolean {
  return schema.nodes[child.nodeName]?.isLeaf ?? false;
}

/** The wire form: JSON that is opaque to the server, well below its limit of 1 KiB. */
export function encodeAnchor(anchor: Anchor): Record<string, unknown> {
  return {
    left: encodeRelative(anchor.left),
    right: encodeRelative(anchor.right),
    before: anchor.before,
    after: anchor.after,
  };
}

/** Return the anchor, or null for anything that is not one: it comes from somebody else's browser. */
export function decodeAnchor(wire: unknown): Anchor | null {
  if (typeof wire !== "object" || wire === null) return null;
  const { left, right, before, after } = wire as Record<string, unknown>;
  if (typeof left !== "string" || typeof right !== "string") return null;
  if (typeof before !== "string" || typeof after !== "string") return null;
  try {
    return { left: decodeRelative(left), right: decodeRelative(right), before, after };
  } catch {
    return null;
  }
}

export function encodeRelative(position: Y.RelativePosition): string {
  return toBase64(Y.encodeRelativePosition(position));
}

/** Throws for anything that is no relative position. */
export function decodeRelative(text: string): Y.RelativePosition {
  return Y.decodeRelativePosition(fromBase64(text));
}
