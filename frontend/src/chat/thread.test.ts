import { beforeEach, describe, expect, it } from "vitest";
import { Thread, type Turn } from "./thread";

function turn(id: string, parent: string | null): Turn {
  return {
    id,
    parent,
    user: { id: "u1", name: "Alice", color: "#9f3a38" },
    question: `${id}?`,
    quote: "",
    about: null,
    state: "done",
    text: `${id}.`,
    model: "",
    demo: false,
    failure: null,
    created_at: "2026-01-01T00:00:00Z",
  };
}

describe("a thread of a conversation", () => {
  let thread: Thread;
  const path = () => thread.path().map(({ id }) => id);
  beforeEach(() => {
    thread = new Thread();
    thread.merge([turn("a", null), turn("b", "a")]);
  });

  it("shows the latest turns with what they follow", () => {
    expect(path()).toEqual(["a", "b"]);
    thread.put(turn("c", "b"));
    expect(path()).toEqual(["a", "b", "c"]);
  });

  it("keeps both when a question is asked again, and each can be looked at", () => {
    thread.put(turn("a2", null), { follow: true });
    expect(path()).toEqual(["a2"]);
    expect(thread.siblings(turn("a2", null)).map(({ id }) => id)).toEqual(["a", "a2"]);
    thread.choose("a");
    expect(path()).toEqual(["a", "b"]);
  });

  it("stays where it is when somebody else branches off", () => {
    thread.put(turn("b2", "a"));
    expect(path()).toEqual(["a", "b"]);
    expect(thread.siblings(turn("b", "a"))).toHaveLength(2);
  });

  it("grows at its beginning as older turns come", () => {
    thread = new Thread();
    thread.merge([turn("b", "a")]);
    expect(path()).toEqual(["b"]);
    thread.prepend([turn("a", null)]);
    expect(path()).toEqual(["a", "b"]);
    expect(thread.first).toBe("a");
  });

  it("goes back to what was before a turn that was never taken", () => {
    thread.put(turn("c", "b"), { follow: true });
    thread.remove("c");
    expect(path()).toEqual(["a", "b"]);
    thread.put(turn("a2", null), { follow: true });
    thread.remove("a2");
    expect(path()).toEqual(["a", "b"]);
  });
});
