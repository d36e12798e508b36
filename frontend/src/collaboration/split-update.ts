/**
 * Cuts an update that is too large for one frame into several that can be applied one after the other.
 *
 * Each struct comes after what it refers to, a client's structs in their order, and what is deleted comes last: so
 * whoever applies a prefix of the pieces never waits for a missing one.
 */
import * as encoding from "lib0/encoding";
import * as Y from "yjs";

type Struct = ReturnType<typeof Y.decodeUpdate>["structs"][number];
type DeleteSet = ReturnType<typeof Y.decodeUpdate>["ds"];
type Id = { client: number; clock: number } | null;

/** Return `update` in pieces of about `maxBytes` at most; a single larger value stays whole. */
export function splitUpdate(update: Uint8Array, maxBytes: number): Uint8Array[] {
  if (update.length <= maxBytes) return [update];
  const { structs, ds } = Y.decodeUpdate(update);
  const pieces: Uint8Array[] = [];
  let piece: Struct[] = [];
  let bytes = 0;
  for (const struct of inOrder(structs.flatMap((whole) => shortened(whole, maxBytes / 2)))) {
    const size = sizeOf(struct);
    if (piece.length > 0 && bytes + size > maxBytes) {
      pieces.push(encode(piece, null));
      piece = [];
      bytes = 0;
    }
    piece.push(struct);
    bytes += size;
  }
  if (piece.length > 0) pieces.push(encode(piece, null));
  if (ds.clients.size > 0) pieces.push(encode([], ds));
  return pieces;
}

/** Return the structs so that each follows what it refers to. */
function inOrder(structs: Struct[]): Struct[] {
  const waiting = new Map<number, Struct[]>();
  for (const struct of structs) {
    const own = waiting.get(struct.id.client);
    if (own) own.push(struct);
    else waiting.set(struct.id.client, [struct]);
  }
  const next = new Map([...waiting].map(([client, own]) => [client, { own, index: 0 }]));
  const isThere = (id: Id) => {
    const section = id && next.get(id.client);
    const first = section?.own[section.index];
    return !id || !first || id.clock < first.id.clock;
  };
  const ordered: Struct[] = [];
  let progress = true;
  while (progress) {
    progress = false;
    for (const section of next.values()) {
      for (let struct = section.own[section.index]; struct; struct = section.own[section.index]) {
        if (!references(struct).every(isThere)) break;
        ordered.push(struct);
        section.index += 1;
        progress = true;
      }
    }
  }
  if (ordered.length < structs.length) throw new Error("The update's structs wait for each other.");
  return ordered;
}

function references(struct: Struct): Id[] {
  if (!(struct instanceof Y.Item)) return [];
  const parent = struct.parent instanceof Y.ID ? struct.parent : null;
  return [struct.origin, struct.rightOrigin, parent];
}

/** A long text as several structs, as if it had been typed in several steps. */
function shortened(struct: Struct, maxCharacters: number): Struct[] {
  if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentString)) return [struct];
  const text = struct.content.str;
  const parts: Struct[] = [];
  for (let start = 0; start < text.length; ) {
    let end = Math.min(text.length, start + Math.floor(maxCharacters / 3)); // a character is 3 bytes at most
    if (end < text.length && isHighSurrogate(text, end - 1)) end += 1;
    const origin = start ? Y.createID(struct.id.client, struct.id.clock + start - 1) : struct.origin;
    const content = new Y.ContentString(text.slice(start, end));
    const id = Y.createID(struct.id.client, struct.id.clock + start);
    const { rightOrigin, parent, parentSub } = struct;
    parts.push(new Y.Item(id, null, origin, null, rightOrigin, parent, parentSub, content));
    start = end;
  }
  return parts.length > 1 ? parts : [struct];
}

function isHighSurrogate(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800;
}

function sizeOf(struct: Struct): number {
  const encoder = new Y.UpdateEncoderV1();
  struct.write(encoder, 0);
  return encoding.length(encoder.restEncoder);
}

/** Source of the format: writeClientsStructs and writeDeleteSet in yjs/src/utils. */
function encode(structs: Struct[], deleted: DeleteSet | null): Uint8Array {
  const sections = new Map<number, Struct[]>();
  for (const struct of structs) {
    const own = sections.get(struct.id.client);
    if (own) own.push(struct);
    else sections.set(struct.id.client, [struct]);
  }
  const encoder = new Y.UpdateEncoderV1();
  const out = encoder.restEncoder;
  encoding.writeVarUint(out, sections.size);
  for (const [client, own] of sections) {
    encoding.writeVarUint(out, own.length);
    encoder.writeClient(client);
    encoding.writeVarUint(out, own[0]?.id.clock ?? 0);
    for (const struct of own) struct.write(encoder, 0);
  }
  encoding.writeVarUint(out, deleted?.clients.size ?? 0);
  for (const [client, ranges] of deleted?.clients ?? []) {
    encoding.writeVarUint(out, client);
    encoding.writeVarUint(out, ranges.length);
    for (const { clock, len } of ranges) {
      encoding.writeVarUint(out, clock);
      encoding.writeVarUint(out, len);
    }
  }
  return encoder.toUint8Array();
}
