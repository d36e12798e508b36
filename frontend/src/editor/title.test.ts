import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { bindTitle, movedCaret, oneLine } from "./title";

function bound() {
  const field = document.createElement("textarea");
  document.body.append(field);
  const shared = new Y.Doc();
  let done = 0;
  const ready = Promise.resolve();
  bindTitle({ field, document: shared, known: "Known", ready, done: () => done++ });
  return { field, shared, meta: shared.getMap("meta"), done: () => done, ready };
}

describe("the title", () => {
  it("shows what is known until the document has arrived", async () => {
    const { field, meta, ready } = bound();
    expect(field.value).toBe("Known");
    meta.set("title", "Shared");
    await ready;
    expect(field.value).toBe("Shared");
    expect(document.title).toBe("Shared – Interline");
  });

  it("writes into the shared document as one line", () => {
    const { field, meta } = bound();
    field.value = "Two\nlines";
    field.dispatchEvent(new Event("input"));
    expect(meta.get("title")).toBe("Two lines");
    expect(field.value).toBe("Two lines");
  });

  it("goes on to the text with Enter", () => {
    const { field, done } = bound();
    const event = new KeyboardEvent("keydown", { key: "Enter", cancelable: true });
    field.dispatchEvent(event);
    expect(done()).toBe(1);
    expect(event.defaultPrevented).toBe(true);
  });

  it("is never longer than its limit", () => {
    expect(oneLine("x".repeat(400))).toHaveLength(300);
  });

  it.each([
    ["abc", "abcd", 3, 3],
    ["abc", "xabc", 1, 2],
    ["abc", "", 2, 0],
    ["one two", "one big two", 7, 11],
    ["one two", "one big two", 2, 2],
  ])("moves a caret from %j to %j with its words", (before, after, caret, expected) => {
    expect(movedCaret(before, after, caret)).toBe(expected);
  });
});
