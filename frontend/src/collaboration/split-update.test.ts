import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { splitUpdate } from "./split-update";

const MAX = 400;

/** A document of three sessions that built on each other: texts, blocks, attributes, deletions. */
function written(): Y.Doc {
  let doc = new Y.Doc();
  for (let session = 0; session < 3; session++) {
    const next = new Y.Doc();
    Y.applyUpdate(next, Y.encodeStateAsUpdate(doc));
    doc = next;
    const content = doc.getXmlFragment("default");
    for (let number = 0; number < 40; number++) {
      const block = new Y.XmlElement("paragraph");
      block.setAttribute("level", `${number}`);
      block.insert(0, [new Y.XmlText(`session ${session} block ${number} 🦩 ${"x".repeat(number * 3)}`)]);
      content.insert((number * 7) % (content.length + 1), [block]);
      if (number % 5 === 4) content.delete(0, 1);
      const text = (content.get(number % content.length) as Y.XmlElement).get(0) as Y.XmlText;
      text.insert(text.length >> 1, "between ");
      text.format(0, 3, { bold: true });
      if (number % 4 === 0) text.delete(2, 4);
    }
  }
  return doc;
}

describe("an update that is too large", () => {
  it("becomes pieces of which each builds on those before it", () => {
    const doc = written();
    const pieces = splitUpdate(Y.encodeStateAsUpdate(doc), MAX);
    expect(pieces.length).toBeGreaterThan(10);
    const copy = new Y.Doc();
    for (const piece of pieces) {
      Y.applyUpdate(copy, piece);
      expect(copy.store.pendingStructs).toBeNull();
      expect(copy.store.pendingDs).toBeNull();
    }
    expect(copy.getXmlFragment("default").toString()).toBe(doc.getXmlFragment("default").toString());
    expect(Y.encodeStateVector(copy)).toEqual(Y.encodeStateVector(doc));
    // the last one holds what was deleted, which is a small part of any text
    for (const piece of pieces.slice(0, -1)) expect(piece.length).toBeLessThan(MAX * 1.3);
  });

  it("goes on from what the other side has", () => {
    const doc = written();
    const copy = new Y.Doc();
    const pieces = splitUpdate(Y.encodeStateAsUpdate(doc), MAX);
    for (const piece of pieces.slice(0, 7)) Y.applyUpdate(copy, piece);
    const rest = splitUpdate(Y.encodeStateAsUpdate(doc, Y.encodeStateVector(copy)), MAX);
    for (const piece of rest) Y.applyUpdate(copy, piece);
    expect(copy.getXmlFragment("default").toString()).toBe(doc.getXmlFragment("default").toString());
  });

  it("cuts a long text, but no character", () => {
    const doc = new Y.Doc();
    const long = "a🦩é漢".repeat(2000);
    doc.getText("t").insert(0, long);
    const pieces = splitUpdate(Y.encodeStateAsUpdate(doc), MAX);
    const copy = new Y.Doc();
    for (const piece of pieces) {
      Y.applyUpdate(copy, piece);
      expect(copy.getText("t").toString()).not.toMatch(/[\ud800-\udbff]$/);
      expect(piece.length).toBeLessThan(MAX * 1.3);
    }
    expect(copy.getText("t").toString()).toBe(long);
  });

  it("stays whole where it is small enough", () => {
    const update = Y.encodeStateAsUpdate(written());
    expect(splitUpdate(update, update.length)).toEqual([update]);
  });
});
