/**
 * A passage as the assistant gets it: plain text, blocks apart by one LF, with a table from text offsets to positions.
 *
 * A block boundary is one character in the text and two or more positions in the document. Inside a block both advance
 * alike (UTF-16 code units; a line break or a picture is one).
 */
import type { Node } from "@tiptap/pm/model";
import type { EditorState } from "@tiptap/pm/state";
import type * as Y from "yjs";
import {
  blockText,
  createRelative,
  decodeRelative,
  encodeRelative,
  type Resolver,
} from "../collaboration/anchors";

const BLOCK = "\n";
/** Characters of a passage's points on the wire; the whole anchor may have 1 KiB. */
const POINTS_MAX_CHARACTERS = 760;
/** How far from where a replacement should be its words are looked for. */
const LOOK_AROUND_CHARACTERS = 600;
/** Words this long are taken for the same ones although they stand there twice: the nearest are meant. */
const DISTINCT_CHARACTERS = 24;

export interface Segment {
  offset: number;
  pos: number;
  length: number;
}

export interface Passage {
  text: string;
  /** One per block with text, in order. */
  segments: readonly Segment[];
}

/** Return the text of the blocks between two positions; code is left out. */
export function passageOf(doc: Node, from = 0, to = doc.content.size): Passage {
  const segments: Segment[] = [];
  let text = "";
  doc.nodesBetween(from, to, (node, pos) => {
    if (!node.isTextblock) return true;
    if (node.type.spec.code) return false;
    const start = Math.max(from, pos + 1);
    const end = Math.min(to, pos + 1 + node.content.size);
    if (end <= start) return false;
    const words = blockText(node, start - pos - 1, end - pos - 1);
    if (words.trim() === "") return false;
    if (segments.length > 0) text += BLOCK;
    segments.push({ offset: text.length, pos: start, length: words.length });
    text += words;
    return false;
  });
  return { text, segments };
}

const passages = new WeakMap<Node, Passage>();

/** The whole document as a passage, made once per state of it. */
export function documentPassage(doc: Node): Passage {
  let passage = passages.get(doc);
  if (!passage) {
    passage = passageOf(doc);
    passages.set(doc, passage);
  }
  return passage;
}

/** Return the positions of a stretch of the text, or null where it is not inside one block. */
export function positionsOf(
  { segments }: Passage,
  start: number,
  end: number,
): { from: number; to: number } | null {
  const segment = segments.findLast(({ offset }) => offset <= start);
  if (!segment || start > end || end > segment.offset + segment.length) return null;
  return { from: segment.pos + start - segment.offset, to: segment.pos + end - segment.offset };
}

/** Return where a position stands in the text, the nearest place after it where it is between blocks. */
function offsetOf({ segments, text }: Passage, pos: number): number {
  const segment = segments.find((one) => pos <= one.pos + one.length);
  return segment ? segment.offset + Math.max(0, pos - segment.pos) : text.length;
}

/** Places of a passage in the shared document: where some of its blocks begin, first to last. */
export interface PassageAnchor {
  points: readonly { offset: number; at: Y.RelativePosition }[];
}

/** Return the anchor of a passage of the current document: one point for each block. */
export function anchorPassage(state: EditorState, { segments }: Passage): PassageAnchor {
  const points = segments.flatMap(({ offset, pos }) => {
    const at = createRelative(state, pos, 0);
    return at ? [{ offset, at }] : [];
  });
  return { points };
}

/** The wire form: as many points as there is room for, evenly spread. */
export function encodePassage({ points }: PassageAnchor): string {
  for (let every = 1; ; every *= 2) {
    const wire = points
      .filter((_, index) => index % every === 0)
      .map(({ offset, at }) => `${offset.toString(36)}:${encodeRelative(at)}`)
      .join(" ");
    if (wire.length <= POINTS_MAX_CHARACTERS) return wire;
  }
}

/** Return the anchor, or null for anything that is none: it comes from somebody else's browser. */
export function decodePassage(wire: unknown): PassageAnchor | null {
  if (typeof wire !== "string" || wire === "") return null;
  try {
    const points = wire.split(" ").map((point) => {
      const [offset = "", at = ""] = point.split(":");
      return { offset: Number.parseInt(offset, 36), at: decodeRelative(at) };
    });
    return points.every(({ offset }) => Number.isSafeInteger(offset)) ? { points } : null;
  } catch {
    return null;
  }
}

export interface Stretch {
  start: number;
  end: number;
  original: string;
}

/**
 * Return where a stretch of the passage is in today's document; null when its words are not there, or not for certain.
 *
 * They are where they were counted to be, or, after edits before them in their block, nearby and only once.
 */
export function locateStretch(
  resolver: Resolver,
  anchor: PassageAnchor,
  { start, end, original }: Stretch,
): { from: number; to: number } | null {
  if (original === "" || end - start !== original.length || hasHalfCharacter(original)) return null;
  const today = documentPassage(resolver.doc);
  const expected = expectedOffset(resolver, anchor, today, start);
  if (expected === null) return null;
  const offset = today.text.startsWith(original, expected)
    ? expected
    : nearbyOffset(today.text, original, expected);
  return offset === null ? null : positionsOf(today, offset, offset + original.length);
}

function expectedOffset(
  resolver: Resolver,
  { points }: PassageAnchor,
  today: Passage,
  start: number,
): number | null {
  for (const point of points.toReversed()) {
    if (point.offset > start) continue;
    const pos = resolver.position(point.at);
    if (typeof pos === "number") return Math.max(0, offsetOf(today, pos) + start - point.offset);
  }
  return null;
}

function nearbyOffset(text: string, words: string, expected: number): number | null {
  const found: number[] = [];
  const last = expected + LOOK_AROUND_CHARACTERS;
  let at = text.indexOf(words, Math.max(0, expected - LOOK_AROUND_CHARACTERS));
  for (; at >= 0 && at <= last; at = text.indexOf(words, at + 1)) {
    if (isWhole(text, at, at + words.length)) found.push(at);
  }
  if (found.length > 1 && words.length < DISTINCT_CHARACTERS) return null;
  found.sort((one, other) => Math.abs(one - expected) - Math.abs(other - expected));
  return found[0] ?? null;
}

/** Whether a text begins or ends inside a surrogate pair: the shared document would lose the character. */
export function hasHalfCharacter(text: string): boolean {
  return /^[\udc00-\udfff]|[\ud800-\udbff]$/.test(text);
}

const LETTER = /[\p{L}\p{N}]/u;

/** Whether a stretch begins and ends where words do. */
function isWhole(text: string, start: number, end: number): boolean {
  const inside = (at: number) => LETTER.test(text[at - 1] ?? "") && LETTER.test(text[at] ?? "");
  return !inside(start) && !inside(end);
}
