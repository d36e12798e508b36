import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { beforeEach, describe, expect, it } from "vitest";
import * as Y from "yjs";
import { UPDATE_PIECE_BYTES } from "../editor/limits";
import { hasUnsaved, initialState, next, type SyncState } from "./status";
import { UpdateQueue } from "./update-queue";

type Frame = Uint8Array<ArrayBuffer>;

function frameOf(kind: number, update: Uint8Array): Frame {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 0);
  encoding.writeVarUint(encoder, kind);
  encoding.writeVarUint8Array(encoder, update);
  return encoding.toUint8Array(encoder) as Frame;
}

function updateIn(frame: Frame): Uint8Array {
  const decoder = decoding.createDecoder(frame);
  decoding.readVarUint(decoder);
  decoding.readVarUint(decoder);
  return decoding.readVarUint8Array(decoder);
}

function acknowledgement(count: number): ArrayBuffer {
  const encoder = encoding.createEncoder();
  for (const value of [100, 1, count]) encoding.writeVarUint(encoder, value);
  return encoding.toUint8Array(encoder).slice().buffer;
}

describe("the queue of updates", () => {
  let written: Frame[];
  let state: SyncState;
  let queue: UpdateQueue;
  const acknowledge = () => {
    const count = written.length;
    queue.hear(acknowledgement(count));
    state = next(state, { type: "acked", count });
  };

  beforeEach(() => {
    written = [];
    state = [{ type: "opened" } as const, { type: "synced" } as const].reduce(next, initialState(true));
    queue = new UpdateQueue(
      (frame) => written.push(frame),
      (whole, counts) => {
        state = next(state, { type: "sent", whole, counts });
      },
    );
  });

  it("sends small updates at once", () => {
    for (const letter of "abc") {
      const doc = new Y.Doc();
      doc.getText("t").insert(0, letter);
      queue.send(frameOf(2, Y.encodeStateAsUpdate(doc)));
    }
    expect(written.length).toBe(3);
  });

  it("sends a large one in pieces, each after the last was saved, and what was typed meanwhile after them", () => {
    const doc = new Y.Doc();
    for (let number = 0; number < 60; number++) doc.getText("t").insert(0, `${number} `.repeat(20_000));
    const later: Uint8Array[] = [];
    const large = frameOf(1, Y.encodeStateAsUpdate(doc));
    doc.on("update", (update) => later.push(update));
    doc.getText("t").insert(0, "later");
    queue.send(large);
    queue.send(frameOf(2, later[0] ?? new Uint8Array()));
    expect(written.length).toBe(1);
    for (let count = 1; count === written.length && count < 50; count++) {
      expect(hasUnsaved(state)).toBe(true);
      acknowledge();
    }
    acknowledge();
    expect(hasUnsaved(state)).toBe(false);
    expect(written.length).toBeGreaterThan(large.length / UPDATE_PIECE_BYTES);
    const server = new Y.Doc();
    for (const frame of written) {
      expect(frame.length).toBeLessThan(2 ** 20);
      Y.applyUpdate(server, updateIn(frame));
      expect(server.store.pendingStructs).toBeNull();
    }
    expect(server.getText("t").toString()).toBe(doc.getText("t").toString());
  });
});
