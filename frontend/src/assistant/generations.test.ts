import { describe, expect, it } from "vitest";
import { FREE } from "../testing/policy";
import { asked, type Generations, isOver, reduce, resumePoints } from "./generations";
import type { ServerMessage } from "./messages";

const user = { id: "u1", name: "Alice", color: "#9f3a38" };
const started = {
  type: "started",
  id: "g1",
  seq: 1,
  action: "continue",
  user,
  anchor: null,
  model: "interline/demo",
  demo: true,
} as const satisfies ServerMessage;
const chunk = (seq: number, text: string, span?: number): ServerMessage => ({
  type: "chunk",
  id: "g1",
  seq,
  text,
  ...(span ? { span } : {}),
});
const failed = {
  type: "failed",
  id: "g1",
  seq: 3,
  code: "stalled",
  message: "",
  retryable: true,
  partial: true,
} as const;
const quota = { tier: "unlimited", remaining_tokens: null, resets_at: null };
const done = {
  type: "done",
  id: "g1",
  seq: 4,
  finish_reason: "stop",
  sha256: "",
  characters: 0,
  usage: { prompt_tokens: 0, completion_tokens: 0 },
  timing: { queued_ms: 0, first_token_ms: 0, total_ms: 0 },
  quota,
} as const satisfies ServerMessage;

function known(messages: ServerMessage[], before: Generations = new Map()): Generations {
  return messages.reduce(reduce, before);
}

const of = (generations: Generations, id = "g1") => {
  const one = generations.get(id);
  if (!one) throw new Error(`unknown ${id}`);
  return one;
};

describe("what is known of generations", () => {
  it("is held until more comes, or the end", () => {
    const held = { type: "status", id: "g1", seq: 2, state: "held", model: "m", detail: "" } as const;
    const checking = known([started, held]);
    expect(of(checking)).toMatchObject({ held: true, model: "m", state: "streaming" });
    expect(of(known([chunk(3, " It")], checking)).held).toBe(false);
    expect(of(known([failed], checking)).held).toBe(false);
  });

  it("joins chunks in order", () => {
    const one = of(known([started, chunk(2, " It"), chunk(3, " was"), done]));
    expect(one).toMatchObject({ text: " It was", seq: 4, state: "done", demo: true, user });
  });

  it("ignores what is replayed", () => {
    const once = known([started, chunk(2, " It")]);
    expect(known([started, chunk(2, " It")], once)).toBe(once);
  });

  it("adds nothing behind a gap, and goes on once it is filled", () => {
    const gap = known([started, chunk(3, " was")]);
    expect(of(gap)).toMatchObject({ text: "", seq: 1, gap: true });
    expect(of(known([chunk(2, " It"), chunk(3, " was")], gap))).toMatchObject({
      text: " It was",
      gap: false,
    });
  });

  it("takes a coalesced chunk for the events it stands for", () => {
    expect(of(known([started, chunk(4, " It was quiet", 3)]))).toMatchObject({
      text: " It was quiet",
      seq: 4,
    });
  });

  it("does not double text when a coalesced chunk begins before what was seen", () => {
    const one = of(known([started, chunk(2, " It"), chunk(4, " It was quiet", 3)]));
    expect(one).toMatchObject({ text: " It", gap: true });
  });

  it("is the same whatever part is replayed, from any position", () => {
    const log = [started, chunk(2, "a"), chunk(3, "b"), { ...done, seq: 4 }];
    for (let cut = 0; cut <= log.length; cut++) {
      for (let from = 0; from <= cut; from++) {
        const one = of(known([...log.slice(0, cut), ...log.slice(from)]));
        expect(one).toMatchObject({ text: "ab", state: "done", gap: false });
      }
    }
  });

  it("keeps partial text when a generation fails", () => {
    const one = of(known([started, chunk(2, " It"), failed]));
    expect(one).toMatchObject({
      text: " It",
      state: "failed",
      failure: { code: "stalled", retryable: true },
    });
    expect(isOver(one)).toBe(true);
  });

  it("fails a request that is refused, but no running one", () => {
    const error = {
      type: "error",
      id: "g1",
      code: "rate_limited",
      message: "",
      retryable: true,
      retry_after: 3,
    } as const;
    const request: Generations = new Map([["g1", asked("g1", "continue", user, null)]]);
    expect(of(known([error], request))).toMatchObject({ state: "failed", failure: { retryAfter: 3 } });
    expect(of(known([started, error])).state).toBe("streaming");
  });

  it("takes in those that run already or wait for a decision, and asks for their events", () => {
    const hello = {
      type: "hello",
      protocol: 1,
      user,
      role: "editor",
      limits: {} as never,
      quota,
      models: [],
      open: [{ id: "g2", action: "continue", user, anchor: null, seq: 7 }],
      undecided: [{ id: "g3", action: "continue", user, anchor: null, seq: 9 }],
      unavailable: [],
      policy: FREE,
      comments: 0,
    } as const satisfies ServerMessage;
    const all = known([started, chunk(2, "a"), hello]);
    expect(resumePoints(all)).toEqual({ g1: 2, g2: 0, g3: 0 });
  });

  it("does not ask for a replay of what the server may not have heard of yet", () => {
    const waiting = new Map([["g4", asked("g4", "continue", user, null)]]);
    expect(resumePoints(waiting)).toEqual({});
  });

  it("still waits for the decision on one that is done", () => {
    const finished = known([started, chunk(2, "a"), chunk(3, "b"), done]);
    expect(resumePoints(finished)).toEqual({ g1: 4 });
    const decided = { type: "decided", id: "g1", seq: 5, decision: "accepted", user } as const;
    expect(resumePoints(known([decided], finished))).toEqual({});
  });

  it("keeps nothing of what a reviewer removed, nor of what was still on its way", () => {
    const withdrawn = { type: "withdrawn", id: "g1" } as const;
    const after = known([started, chunk(2, "a"), withdrawn, chunk(3, "b")]);
    expect(after.get("g1")).toMatchObject({ text: "", edits: [], withdrawn: true, seq: 3, state: "failed" });
    expect(resumePoints(after)).toEqual({});
    expect(known([withdrawn])).toEqual(new Map());
    const refused = {
      type: "error",
      id: "g1",
      code: "blocked_output",
      message: "",
      retryable: false,
    } as const;
    expect(known([started, chunk(2, "a"), refused]).get("g1")?.text).toBe("");
  });
});
