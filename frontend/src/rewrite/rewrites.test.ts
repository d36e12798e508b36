/** Rewrites in a document that two people edit, against a server played by the test. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Assistant } from "../assistant/assistant";
import { FakeSocket, makeConfig } from "../testing/fake-socket";
import { makePeers, type Peers, placeCaret, type, write } from "../testing/peers";
import { randomness, seed } from "../testing/randomness";
import { Rewrites, type Wish } from "./rewrites";

const ALICE = { id: "u1", name: "Alice", color: "#9f3a38" };
const ROUNDS = 40;
const WORDS = ["heron", "weir", "naïve", "a", "the river", "due to", "not", "quiet", "waits", "“so”"];
const SHORTEN: Wish = { action: "shorten", input: {}, label: "Shorten" };

describe("a rewrite in a shared text", () => {
  let peers: Peers;
  const sides = {} as Record<"alice" | "bob", Rewrites>;

  beforeEach(async () => {
    FakeSocket.of.clear();
    vi.stubGlobal("WebSocket", FakeSocket);
    document.body.innerHTML = '<div id="toasts"></div><div id="announcements"></div>';
    peers = makePeers((name) => {
      const person = name === "alice" ? ALICE : { ...ALICE, id: "u2", name: "Bob" };
      sides[name] = new Rewrites(new Assistant(makeConfig(person)), { changed: () => {} });
      return [sides[name].extension()];
    });
    sides.alice.attach(peers.alice.editor);
    sides.bob.attach(peers.bob.editor);
    await vi.waitFor(() =>
      expect(FakeSocket.of.get("u1")?.isGreeted && FakeSocket.of.get("u2")?.isGreeted).toBe(true),
    );
  });
  afterEach(() => {
    peers.destroy();
    vi.unstubAllGlobals();
  });

  const request = () => FakeSocket.of.get("u1")?.sentOf("generate").at(-1) as Record<string, unknown>;
  const decisions = () => FakeSocket.of.get("u1")?.sentOf("decide") ?? [];
  const selection = () => (request().input as { selection: string }).selection;
  const say = (message: Record<string, unknown>) => {
    for (const socket of FakeSocket.of.values()) socket.say(message);
  };
  const html = (who: "alice" | "bob") => peers[who].editor.getHTML().replace(/ data-gen="[^"]*"/g, "");
  const text = (who: "alice" | "bob") => peers[who].editor.getText({ blockSeparator: "\n" });
  const seen = (who: "alice" | "bob", kind: string) =>
    [...peers[who].editor.view.dom.querySelectorAll(kind)].map((node) => node.textContent);
  const notices = () => document.getElementById("toasts")?.textContent ?? "";

  async function asked(all: string | [number, number], wish = SHORTEN): Promise<string> {
    const { doc } = peers.alice.editor.state;
    let range: { from: number; to: number };
    if (typeof all === "string") {
      const to = placeCaret(peers.alice, all);
      range = { from: to - all.length, to };
    } else range = { from: all[0], to: Math.min(all[1], doc.content.size) };
    await sides.alice.ask(wish, range);
    const id = String(request().id);
    say({
      type: "started",
      id,
      seq: 1,
      action: wish.action,
      user: ALICE,
      anchor: request().anchor,
      model: "m",
      demo: true,
    });
    return id;
  }
  const chunk = (id: string, seq: number, words: string) => say({ type: "chunk", id, seq, text: words });
  const done = (id: string, seq: number) => say({ type: "done", id, seq, finish_reason: "stop" });
  const drawn = () => new Promise((resolve) => setTimeout(resolve, 120));

  it("streams in as a word-level diff at everybody's and changes nothing", async () => {
    write(peers.alice, "<p>It was due to the fact that he ran away.</p>");
    const id = await asked("It was due to the fact that he ran away.");
    chunk(id, 2, "It was because he");
    await drawn();
    for (const who of ["alice", "bob"] as const) {
      expect(seen(who, ".suggestion-old")).toEqual(["due to the fact that"]);
      expect(seen(who, ".suggestion-new")).toEqual(["because"]);
      expect(text(who)).toBe("It was due to the fact that he ran away.");
    }
  });

  it("is kept in one undo step, only the new words marked, and decided", async () => {
    write(peers.alice, "<p>It was due to the fact that he ran.</p>");
    const id = await asked("It was due to the fact that he ran.");
    chunk(id, 2, "It was because he ran.");
    done(id, 3);
    expect(sides.alice.keep()).toBe(true);
    expect(html("bob")).toBe('<p>It was <span data-origin="ai">because</span> he ran.</p>');
    expect(decisions()).toEqual([{ type: "decide", id, decision: "accepted" }]);
    peers.alice.editor.commands.undo();
    expect(text("bob")).toBe("It was due to the fact that he ran.");
  });

  it("goes and comes as Markdown where there is structure, which survives", async () => {
    write(
      peers.alice,
      '<h2>The weir</h2><p>See <strong>this very</strong> <a href="https://example.org/">page</a>.</p><ul><li><p>one thing</p></li><li><p>two</p></li></ul><p>After.</p>',
    );
    const id = await asked([2, peers.alice.editor.state.doc.content.size - 9]);
    expect(selection()).toBe(
      "## The weir\n\nSee **this very** [page](https://example.org/).\n\n- one thing\n- two",
    );
    chunk(id, 2, "## The weir\n\nSee **this** [page](https://example.org/).\n\n- one\n- two");
    done(id, 3);
    expect(sides.alice.keep()).toBe(true);
    const plain = html("bob").replace(/<a [^>]*>/, "<a>");
    expect(plain).toBe(
      "<h2>The weir</h2><p>See <strong>this</strong> <a>page</a>.</p><ul><li><p>one</p></li><li><p>two</p></li></ul><p>After.</p>",
    );
  });

  it("of some items of a list leaves the others alone", async () => {
    write(
      peers.alice,
      "<ol><li><p>first</p></li><li><p>second thing</p></li><li><p>third thing</p></li></ol>",
    );
    const from = placeCaret(peers.alice, "second") - 3;
    const to = placeCaret(peers.alice, "third");
    const id = await asked([from, to]);
    chunk(id, 2, "1. second\n2. third");
    done(id, 3);
    expect(sides.alice.keep()).toBe(true);
    expect(text("bob").trim().replace(/\n+/g, "\n")).toBe("first\nsecond\nthird");
    expect(html("bob").match(/<ol>/g)).toHaveLength(1);
  });

  it("never writes over what somebody typed inside meanwhile, and is inserted below instead", async () => {
    write(peers.alice, "<p>It was due to the fact that he ran.</p><p>Next.</p>");
    const id = await asked("It was due to the fact that he ran.");
    chunk(id, 2, "It was because");
    placeCaret(peers.bob, "due");
    type(peers.bob, "!");
    chunk(id, 3, " he ran.");
    done(id, 4);
    await drawn();
    expect(sides.alice.keep()).toBe(false);
    expect(notices()).toContain("The text changed meanwhile");
    expect(text("alice")).toBe("It was due! to the fact that he ran.\nNext.");
    expect(sides.alice.insertBelow()).toBe(true);
    expect(text("bob")).toBe("It was due! to the fact that he ran.\nIt was because he ran.\nNext.");
  });

  it("is stale when somebody only changes its looks", async () => {
    write(peers.alice, "<p>It was due to him.</p>");
    const id = await asked("It was due to him.");
    chunk(id, 2, "He did it.");
    done(id, 3);
    peers.bob.editor.chain().setTextSelection({ from: 1, to: 4 }).toggleBold().run();
    expect(sides.alice.keep()).toBe(false);
    expect(html("alice")).toContain("<strong>It </strong>");
  });

  it("keeps part of its changes", async () => {
    write(peers.alice, "<p>The very big heron waited for a long time.</p>");
    const id = await asked("The very big heron waited for a long time.");
    chunk(id, 2, "The huge heron waited long.");
    done(id, 3);
    const [first] = sides.alice.changes();
    expect(first && sides.alice.keepPart([first])).toBe(true);
    expect(text("bob")).toBe("The huge heron waited for a long time.");
    expect(decisions()[0]).toMatchObject({
      decision: "edited",
      final_text: "The huge heron waited for a long time.",
    });
  });

  it(`keeps any part of any changes and nothing else, whatever others write around it (seed ${seed})`, async () => {
    const { number, pick } = randomness();
    const words = () => Array.from({ length: 1 + number(12) }, () => pick(WORDS)).join(" ");
    let kept = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const [before, old, after, fresh] = [words(), words(), words(), words()];
      write(peers.alice, `<p>${before} | ${old} | ${after}</p>`);
      const from = 1 + before.length + 3;
      const id = await asked([from, from + old.length]);
      chunk(id, 2, fresh);
      done(id, 3);
      const at = number(before.length);
      peers.bob.editor.view.dispatch(peers.bob.editor.state.tr.insertText("[typed]", 1 + at));
      const chosen = sides.alice.changes().filter(() => number(2));
      if (chosen.length === 0) {
        sides.alice.discard();
        continue;
      }
      kept++;
      expect(sides.alice.keepPart(chosen), `round ${round}`).toBe(true);
      const part = chosen.reduceRight(
        (now, one) => now.slice(0, one.start) + one.words + now.slice(one.end),
        old,
      );
      const around = `${before.slice(0, at)}[typed]${before.slice(at)}`;
      expect(text("bob"), `round ${round}`).toBe(`${around} | ${part} | ${after}`);
      expect(peers.agree(), `round ${round}`).toBe(true);
    }
    expect(kept).toBeGreaterThan(ROUNDS / 4);
  });

  it("is tried again, and an earlier try can be kept", async () => {
    write(peers.alice, "<p>The very big heron.</p>");
    const one = await asked("The very big heron.");
    chunk(one, 2, "The huge heron.");
    done(one, 3);
    sides.alice.again();
    const two = String(request().id);
    say({
      type: "started",
      id: two,
      seq: 1,
      action: "shorten",
      user: ALICE,
      anchor: null,
      model: "m",
      demo: true,
    });
    chunk(two, 2, "A giant heron.");
    done(two, 3);
    sides.alice.browse(-1);
    expect(sides.alice.keep()).toBe(true);
    expect(text("bob")).toBe("The huge heron.");
    const told = decisions().map(({ id, decision }) => [id, decision]);
    expect(told).toEqual([
      [one, "accepted"],
      [two, "rejected"],
    ]);
  });

  it("keeps what had arrived when it fails", async () => {
    write(peers.alice, "<p>The very big heron.</p>");
    const id = await asked("The very big heron.");
    chunk(id, 2, "The huge");
    say({ type: "failed", id, seq: 3, code: "stalled", message: "", retryable: true, partial: true });
    expect(sides.alice.current()).toMatchObject({ state: "failed", result: { words: "The huge" } });
  });

  it("of several paragraphs for one keeps every word around it", async () => {
    write(peers.alice, "<p>Before. Expand this. After.</p>");
    const id = await asked("Expand this.", { action: "expand", input: {}, label: "Expand" });
    chunk(id, 2, "First part.\n\nSecond part.");
    done(id, 3);
    await drawn();
    expect(sides.alice.keep()).toBe(true);
    expect(text("bob")).toBe("Before. First part.\nSecond part. After.");
  });

  it("waits for its decision after a reload", async () => {
    write(peers.bob, "<p>The very big heron.</p>");
    const to = placeCaret(peers.bob, "The very big heron.");
    await sides.bob.ask(SHORTEN, { from: to - 19, to });
    const anchor = FakeSocket.of.get("u2")?.sentOf("generate").at(-1)?.anchor;
    const socket = FakeSocket.of.get("u1");
    const mine = { id: "g1", action: "shorten", user: ALICE, anchor, seq: 3 };
    const limits = { input_characters: 20_000, concurrent_generations: 8 };
    const greeting = {
      type: "hello",
      protocol: 1,
      user: ALICE,
      role: "editor",
      limits,
      models: [],
      open: [],
    };
    socket?.say({ ...greeting, undecided: [mine] });
    socket?.say({ type: "started", ...mine, seq: 1, model: "m", demo: true });
    socket?.say({ type: "chunk", id: "g1", seq: 2, text: "The huge heron." });
    socket?.say({ type: "done", id: "g1", seq: 3, finish_reason: "stop" });
    expect(sides.alice.open?.attempts).toHaveLength(1);
    expect(sides.alice.keep()).toBe(true);
    expect(text("bob")).toBe("The huge heron.");
  });
});
