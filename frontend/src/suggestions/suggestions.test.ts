/** Suggestions in a document that two people edit, against a server played by the test. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Assistant } from "../assistant/assistant";
import { SUGGESTIONS_AT_ONCE } from "../editor/limits";
import { FakeSocket, makeConfig } from "../testing/fake-socket";
import { makePeers, type Peers, placeCaret, type, write } from "../testing/peers";
import { Suggestions } from "./suggestions";

const ALICE = { id: "u1", name: "Alice", color: "#9f3a38" };

describe("suggestions in a shared text", () => {
  let peers: Peers;
  const sides = {} as Record<"alice" | "bob", { suggestions: Suggestions; readonly socket: FakeSocket }>;

  beforeEach(async () => {
    vi.stubGlobal("WebSocket", FakeSocket);
    vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ items: [] })));
    FakeSocket.of.clear();
    document.body.innerHTML = '<div id="toasts"></div><div id="announcements"></div>';
    peers = makePeers((name) => {
      const assistant = new Assistant(
        makeConfig(name === "alice" ? ALICE : { ...ALICE, id: "u2", name: "Bob" }),
      );
      sides[name] = {
        suggestions: new Suggestions(assistant, { changed: () => {}, chosen: () => {} }),
        get socket() {
          return FakeSocket.of.get(name === "alice" ? "u1" : "u2") as FakeSocket;
        },
      };
      return sides[name].suggestions.extensions();
    });
    sides.alice.suggestions.attach(peers.alice.editor);
    sides.bob.suggestions.attach(peers.bob.editor);
    write(peers.alice, "<p>The rain was very heavy.</p><p>It was due to the fact that he ran.</p>");
    await vi.waitFor(() => expect(sides.alice.socket?.isGreeted && sides.bob.socket?.isGreeted).toBe(true));
  });
  afterEach(() => {
    peers.destroy();
    vi.unstubAllGlobals();
  });

  const say = (message: Record<string, unknown>) => {
    sides.alice.socket.say(message);
    sides.bob.socket.say(message);
  };
  const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

  /** Alice asks; the server says these findings to both. */
  function asked(...findings: [string, string][]): string {
    sides.alice.suggestions.ask(["concision"]);
    const request = sides.alice.socket.sent.filter(({ type }) => type === "generate").at(-1);
    const id = String(request?.id);
    const selection = (request?.input as { selection: string } | undefined)?.selection ?? "";
    say({
      type: "started",
      id,
      seq: 1,
      action: "suggest",
      user: ALICE,
      anchor: request?.anchor,
      model: "m",
      demo: true,
    });
    for (const [index, [original, replacement]] of findings.entries()) {
      const start = selection.indexOf(original);
      const end = start + original.length;
      say({
        type: "edit",
        id,
        seq: index + 2,
        edit_id: `e${index}`,
        start,
        end,
        original,
        replacement,
        category: "concision",
        explanation: "Shorter.",
      });
    }
    say({ type: "done", id, seq: findings.length + 2, finish_reason: "stop" });
    return id;
  }
  const seen = (who: "alice" | "bob") => {
    const { dom } = peers[who].editor.view;
    const words = (kind: string) => [...dom.querySelectorAll(kind)].map((node) => node.textContent);
    return { old: words(".suggestion-old"), fresh: words(".suggestion-new") };
  };
  const verdicts = (who: "alice" | "bob") => sides[who].suggestions.list().map(({ verdict }) => verdict);
  const text = (who: "alice" | "bob") => peers[who].editor.getText({ blockSeparator: "\n" });
  const undo = () => peers.alice.editor.commands.undo();

  it("are drawn for everybody and change nothing", async () => {
    asked(["due to the fact that", "because"], ["very heavy", "heavy"]);
    await settled();
    for (const who of ["alice", "bob"] as const) {
      expect(seen(who)).toEqual({ old: ["very heavy", "due to the fact that"], fresh: ["heavy", "because"] });
      expect(text(who)).toBe("The rain was very heavy.\nIt was due to the fact that he ran.");
    }
  });

  it("are looked for from ten sides over one socket: as many at once as fit, the others when one has ended", () => {
    const aspects = Array.from({ length: 10 }, (_, index) => `aspect ${index}`);
    sides.alice.suggestions.ask(aspects);
    const requests = () => sides.alice.socket.sentOf("generate");
    const states = () => sides.alice.suggestions.runs().map(({ state }) => state);
    expect(requests()).toHaveLength(SUGGESTIONS_AT_ONCE);
    expect(states().filter((state) => state === "waiting")).toHaveLength(10 - SUGGESTIONS_AT_ONCE);
    for (let ended = 0; ended < 10; ended++) {
      const { id, anchor } = requests()[ended] as Record<string, unknown>;
      say({ type: "started", id, seq: 1, action: "suggest", user: ALICE, anchor, model: "m", demo: true });
      say({ type: "done", id, seq: 2, finish_reason: "stop" });
      expect(requests()).toHaveLength(Math.min(10, SUGGESTIONS_AT_ONCE + ended + 1));
    }
    expect(requests().map(({ input }) => (input as { aspect: string }).aspect)).toEqual(aspects);
    expect(states()).not.toContain("waiting");
  });

  it("wait for their turn, in their order, where others have filled the document", async () => {
    sides.alice.suggestions.ask(["clarity", "tone"]);
    const requests = () => sides.alice.socket.sentOf("generate");
    const states = () => sides.alice.suggestions.runs().map(({ state }) => state);
    for (const { id } of requests())
      sides.alice.socket.say({
        ...{ type: "error", id, code: "concurrency_limited", message: "Too many.", retryable: true },
        retry_after: 0.05,
      });
    sides.alice.suggestions.ask(["pacing"]);
    expect(states()).toEqual(["waiting", "waiting", "waiting"]);
    expect(requests()).toHaveLength(2);
    await vi.waitFor(() => expect(requests()).toHaveLength(5));
    const asked = requests().map(({ input }) => (input as { aspect: string }).aspect);
    expect(asked).toEqual(["clarity", "tone", "clarity", "tone", "pacing"]);
    expect(states()).toEqual(["running", "running", "running"]);
  });

  it("are looked for one after the other where a person may have one generation at a time", () => {
    const { socket, suggestions } = sides.alice;
    const limits = { input_characters: 20_000, concurrent_generations: 1 };
    socket.say({ type: "hello", protocol: 1, user: ALICE, role: "editor", limits, models: [], open: [] });
    suggestions.ask(["clarity", "tone"]);
    expect(socket.sentOf("generate")).toHaveLength(1);
    const { id, anchor } = socket.sentOf("generate")[0] as Record<string, unknown>;
    say({ type: "started", id, seq: 1, action: "suggest", user: ALICE, anchor, model: "m", demo: true });
    say({ type: "done", id, seq: 2, finish_reason: "stop" });
    expect(socket.sentOf("generate")).toHaveLength(2);
  });

  it("go into the text when accepted, marked with their generation, and undo brings the old words back", async () => {
    const id = asked(["due to the fact that", "because"]);
    expect(sides.alice.suggestions.accept(`${id}:e0`)).toBe(true);
    expect(text("bob")).toBe("The rain was very heavy.\nIt was because he ran.");
    const marked = peers.bob.editor.view.dom.querySelector('[data-origin="ai"]');
    expect(marked?.textContent).toBe("because");
    expect(marked?.getAttribute("data-gen")).toBe(id);
    expect(sides.alice.socket.sent.at(-1)).toEqual({
      type: "decide",
      id,
      edit_id: "e0",
      decision: "accepted",
    });
    undo();
    expect(text("bob")).toBe("The rain was very heavy.\nIt was due to the fact that he ran.");
  });

  it("are all accepted in one undo step", async () => {
    asked(["due to the fact that", "because"], ["very heavy", "heavy"]);
    expect(sides.alice.suggestions.acceptAll("concision")).toBe(2);
    expect(text("bob")).toBe("The rain was heavy.\nIt was because he ran.");
    undo();
    expect(text("alice")).toBe("The rain was very heavy.\nIt was due to the fact that he ran.");
  });

  it("are edited and then accepted", async () => {
    const id = asked(["very heavy", "heavy"]);
    sides.alice.suggestions.accept(`${id}:e0`, "torrential");
    expect(text("bob")).toContain("The rain was torrential.");
    expect(sides.alice.socket.sent.at(-1)).toMatchObject({ decision: "edited", final_text: "torrential" });
  });

  /** Both do something that the other does not see yet; then they do. */
  function atOnce(hers: () => unknown, his: () => unknown): void {
    peers.offline();
    hers();
    his();
    peers.online();
    expect(peers.agree()).toBe(true);
  }

  it.each([
    ["due to the fact that", "because"],
    ["due to the fact that", "owing to a fact, which is that"],
    ["fact", ""],
  ])("are in the text once when two accept one at once: %s → %s", (old, fresh) => {
    const id = asked([old, fresh]);
    const accept = (who: "alice" | "bob") => sides[who].suggestions.accept(`${id}:e0`);
    atOnce(
      () => expect(accept("alice")).toBe(true),
      () => expect(accept("bob")).toBe(true),
    );
    expect(text("alice")).toBe(
      `The rain was very heavy.\nIt was due to the fact that he ran.`.replace(old, fresh),
    );
    for (const who of ["alice", "bob"] as const) {
      expect(sides[who].socket.sent.at(-1)).toMatchObject({ decision: "accepted" });
      const marked = peers[who].editor.view.dom.querySelectorAll(`[data-origin="ai"][data-gen="${id}"]`);
      expect(marked.length > 0).toBe(fresh !== "");
    }
  });

  it.each([
    ["alice", "bob"],
    ["bob", "alice"],
  ] as const)("are in the text once when %s accepts all and %s one of them", (all, one) => {
    const id = asked(["was due to the fact", "came"], ["he ran", "she stood"]);
    atOnce(
      () => sides[all].suggestions.acceptAll("concision"),
      () => sides[one].suggestions.accept(`${id}:e1`),
    );
    expect(text("alice")).toBe("The rain was very heavy.\nIt came that she stood.");
  });

  it("are in the text once when two accept all at once", () => {
    asked(["very heavy", "heavy"], ["was due to the fact", "came"], ["he ran", "she stood"]);
    atOnce(
      () => sides.alice.suggestions.acceptAll("concision"),
      () => sides.bob.suggestions.acceptAll("concision"),
    );
    expect(text("alice")).toBe("The rain was heavy.\nIt came that she stood.");
  });

  it("are in the text as one reworded it when the other accepts it at once", () => {
    const id = asked(["very heavy", "heavy"]);
    atOnce(
      () => sides.alice.suggestions.accept(`${id}:e0`),
      () => sides.bob.suggestions.accept(`${id}:e0`, "torrential"),
    );
    expect(text("alice")).toContain("The rain was torrential.");
  });

  it("are accepted whole, with one verdict, when one accepts and the other rejects at once", async () => {
    const id = asked(["due to the fact that", "because"]);
    atOnce(
      () => sides.alice.suggestions.accept(`${id}:e0`),
      () => sides.bob.suggestions.reject(`${id}:e0`),
    );
    expect(text("bob")).toBe("The rain was very heavy.\nIt was because he ran.");
    const decided = { type: "decided", id, edit_id: "e0" };
    say({ ...decided, seq: 4, decision: "rejected", user: { ...ALICE, id: "u2", name: "Bob" } });
    say({ ...decided, seq: 5, decision: "accepted", user: ALICE });
    await settled();
    for (const who of ["alice", "bob"] as const) {
      expect(verdicts(who)).toEqual(["accepted"]);
      expect(seen(who)).toEqual({ old: [], fresh: [] });
    }
  });

  it("leave what the one who accepts it in the same moment types in it", () => {
    const id = asked(["due to the fact that", "because"]);
    atOnce(
      () => {
        sides.alice.suggestions.accept(`${id}:e0`);
        placeCaret(peers.alice, "beca");
        type(peers.alice, "XX");
      },
      () => sides.bob.suggestions.accept(`${id}:e0`),
    );
    expect(text("bob")).toBe("The rain was very heavy.\nIt was becaXXuse he ran.");
  });

  it("are taken back by the undo of the one whose words stayed", () => {
    const id = asked(["due to the fact that", "because"]);
    peers.alice.document.clientID = 2;
    peers.bob.document.clientID = 1;
    atOnce(
      () => sides.alice.suggestions.accept(`${id}:e0`),
      () => sides.bob.suggestions.accept(`${id}:e0`),
    );
    peers.bob.editor.commands.undo();
    expect(text("bob")).toBe("The rain was very heavy.\nIt was due to the fact that he ran.");
  });

  it("are gone for everybody once decided, with who decided", async () => {
    const id = asked(["very heavy", "heavy"]);
    sides.bob.suggestions.reject(`${id}:e0`);
    say({
      type: "decided",
      id,
      seq: 4,
      edit_id: "e0",
      decision: "rejected",
      user: { ...ALICE, name: "Bob" },
    });
    await settled();
    expect(seen("alice").old).toEqual([]);
    expect(sides.alice.suggestions.list()[0]).toMatchObject({ verdict: "rejected", by: { name: "Bob" } });
  });

  it("follow their words while others type before them and beside them", async () => {
    asked(["due to the fact that", "because"]);
    placeCaret(peers.bob, "It");
    peers.bob.editor.commands.insertContent(" surely");
    peers.bob.editor.commands.insertContentAt(0, "<p>New first paragraph.</p>");
    expect(seen("alice").old).toEqual(["due to the fact that"]);
    expect(seen("bob").old).toEqual(["due to the fact that"]);
  });

  it("are stale when somebody types inside, are not applied then, and come back with undo", async () => {
    const id = asked(["due to the fact that", "because"]);
    placeCaret(peers.bob, "due to");
    peers.bob.editor.commands.insertContent("o");
    await settled();
    expect(verdicts("alice")).toEqual(["stale"]);
    expect(seen("alice")).toEqual({ old: [], fresh: [] });
    expect(sides.alice.suggestions.accept(`${id}:e0`)).toBe(false);
    expect(text("alice")).toContain("due too the fact that");
    peers.bob.editor.commands.undo();
    expect(verdicts("alice")).toEqual(["open"]);
    expect(verdicts("bob")).toEqual(["open"]);
  });

  it("are found again when their paragraph is split before them", async () => {
    asked(["due to the fact that", "because"]);
    placeCaret(peers.bob, "It");
    peers.bob.editor.commands.splitBlock();
    expect(seen("alice").old).toEqual(["due to the fact that"]);
    expect(seen("bob").old).toEqual(["due to the fact that"]);
    expect(sides.alice.suggestions.acceptAll("concision")).toBe(1);
    expect(text("bob")).toBe("The rain was very heavy.\nIt\n was because he ran.");
  });

  it("are not put on other words when the text was changed before they came", async () => {
    sides.alice.suggestions.ask(["concision"]);
    const request = sides.alice.socket.sent.find(({ type }) => type === "generate");
    const id = String(request?.id);
    peers.bob.editor.commands.setContent("<p>Something else is very heavy, very heavy indeed.</p>");
    say({
      type: "started",
      id,
      seq: 1,
      action: "suggest",
      user: ALICE,
      anchor: request?.anchor,
      model: "m",
      demo: true,
    });
    const edit = { edit_id: "e0", start: 13, end: 23, original: "very heavy", replacement: "heavy" };
    say({ type: "edit", id, seq: 2, ...edit, category: "concision", explanation: "" });
    await settled();
    expect(seen("alice").old).toEqual([]);
    expect(verdicts("alice")).toEqual(["stale"]);
  });

  it("keep bold and links of the words that stay", () => {
    write(
      peers.alice,
      '<p>See <strong>the very</strong> <a href="https://example.org">long page</a> now.</p>',
    );
    const id = asked(["the very long page", "the long page"]);
    sides.alice.suggestions.accept(`${id}:e0`);
    expect(peers.bob.editor.getHTML()).toContain("<strong>the ");
    expect(peers.bob.editor.getHTML()).toMatch(/<a [^>]*>long page<\/a>/);
    expect(text("bob")).toBe("See the long page now.");
  });
});
