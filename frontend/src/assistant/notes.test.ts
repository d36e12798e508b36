import { beforeEach, describe, expect, it } from "vitest";
import type { Assistant, Listener } from "./assistant";
import { asked, reduce } from "./generations";
import type { Done } from "./messages";
import { tellNotes } from "./notes";

const alice = { id: "u1", name: "Alice", color: "#9f3a38" };
const bob = { id: "u2", name: "Bob", color: "#2f6f4f" };
const done: Done = {
  type: "done",
  id: "g1",
  seq: 1,
  finish_reason: "stop",
  sha256: "",
  characters: 0,
  usage: { prompt_tokens: 0, completion_tokens: 0 },
  timing: { queued_ms: 0, first_token_ms: 0, total_ms: 0 },
  notes: [{ kind: "orders_in_text", message: "Part of it looks like instructions." }],
};

function end(action: string, user = alice, ending = done) {
  const known = reduce(new Map([["g1", asked("g1", action, user, null)]]), ending).get("g1");
  if (!known) throw new Error("it is known");
  return known;
}

describe("notes about what was read", () => {
  let hear: Listener;
  const notices = () => [...document.querySelectorAll(".toast p")].map((words) => words.textContent);

  beforeEach(() => {
    document.body.innerHTML = '<div id="toasts"></div>';
    const follow = (listener: Listener) => {
      hear = listener;
      return () => {};
    };
    tellNotes({ config: { user: alice } as Assistant["config"], follow });
  });

  it("are told once, however many answers are made from the same text", () => {
    hear(end("continue"), undefined);
    document.querySelector<HTMLButtonElement>(".toast button")?.click();
    hear(end("rewrite"), undefined);
    expect(notices()).toEqual([]);
  });

  it("are told of each kind, and of an answer without any nothing is", () => {
    hear(end("continue", alice, { ...done, notes: null }), undefined);
    expect(notices()).toEqual([]);
    hear(end("continue"), undefined);
    const hidden = { kind: "hidden_text", message: "Nobody can see it." } as const;
    hear(end("continue", alice, { ...done, notes: [hidden] }), undefined);
    expect(notices()).toEqual(["Part of it looks like instructions.", "Nobody can see it."]);
  });

  it("are told to who asked, and neither of completions nor beside the chat's own", () => {
    hear(end("continue", bob), undefined);
    hear(end("complete"), undefined);
    hear(end("chat"), undefined);
    expect(notices()).toEqual([]);
  });
});
