/** Lane two and the underlines, against a server played by the test; lane one is played too (no WebAssembly here). */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Assistant } from "../assistant/assistant";
import { DEEP_CHECK_PAUSE_MS, DEEP_CHECKS_PER_MINUTE, LOCAL_CHECK_PAUSE_MS } from "../editor/limits";
import { FakeSocket, makeConfig } from "../testing/fake-socket";
import { makePeers, type Peers, placeCaret, type, write } from "../testing/peers";
import type { Finding } from "./findings";
import { Grammar } from "./grammar";
import { GrammarPanel } from "./panel";

const ALICE = { id: "u1", name: "Alice", color: "#9f3a38" };

/** Finds every "teh", as lane one would. */
function typos(text: string): Finding[] {
  return [...text.matchAll(/teh/g)].map(({ index }) => ({
    start: index,
    end: index + 3,
    original: "teh",
    replacements: ["the"],
    kind: "spelling",
    category: "Typo",
    reason: "A typo.",
    edit: null,
  }));
}

describe("grammar in a shared text", () => {
  let peers: Peers;
  let grammar: Grammar;
  const told = vi.fn();
  let writing: { words: string[]; ignored_rules: string[]; language: string; style: string };

  beforeEach(async () => {
    localStorage.clear();
    FakeSocket.of.clear();
    writing = { words: [], ignored_rules: [], language: "", style: "" };
    vi.stubGlobal("WebSocket", FakeSocket);
    vi.stubGlobal("fetch", async (_path: string, init: RequestInit) => {
      const changes = JSON.parse(String(init.body ?? "{}"));
      writing.words.push(...(changes.add_words ?? []));
      writing.ignored_rules.push(...(changes.add_ignored_rules ?? []));
      return new Response(JSON.stringify(writing));
    });
    document.body.innerHTML = '<div id="toasts"></div><div id="announcements"></div>';
    const assistant = new Assistant(makeConfig(ALICE));
    grammar = new Grammar(assistant, { changed: told, explain: () => {} });
    vi.spyOn(grammar.local, "start").mockImplementation(() => {});
    vi.spyOn(grammar.local, "check").mockImplementation(async (text) => typos(text));
    peers = makePeers((name) => (name === "alice" ? [grammar.extension()] : []));
    await vi.waitFor(() => expect(FakeSocket.of.get("u1")?.isGreeted).toBe(true));
    vi.useFakeTimers();
    grammar.attach(peers.alice.editor, Promise.resolve());
  });
  afterEach(() => {
    peers.destroy();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const socket = () => FakeSocket.of.get("u1") as FakeSocket;
  const pause = (ms = LOCAL_CHECK_PAUSE_MS + 50) => vi.advanceTimersByTimeAsync(ms);
  const underlined = () =>
    [...peers.alice.editor.view.dom.querySelectorAll(".finding")].map((node) => node.textContent);
  const text = () => peers.bob.editor.getText({ blockSeparator: "\n" });
  const requests = () => socket().sentOf("generate");

  function finds(original: string, replacement: string, category = "grammar"): void {
    const request = requests().at(-1);
    const id = String(request?.id);
    const selection = (request?.input as { selection: string } | undefined)?.selection ?? "";
    const start = selection.indexOf(original);
    const place = { edit_id: `e${start}`, start, end: start + original.length, original, replacement };
    socket().say({
      type: "started",
      id,
      seq: 1,
      action: "grammar",
      user: ALICE,
      anchor: null,
      model: "m",
      demo: true,
    });
    socket().say({ type: "edit", id, seq: 2, ...place, category, explanation: "Why." });
    socket().say({ type: "done", id, seq: 3, finish_reason: "stop" });
  }

  it("underlines after a pause, follows edits by others, and goes with its words", async () => {
    write(peers.alice, "<p>It was in teh river and the sea.</p>");
    await pause();
    expect(underlined()).toEqual(["teh"]);
    peers.bob.editor.commands.insertContentAt(0, "<p>Before it.</p>");
    expect(underlined()).toEqual(["teh"]);
    placeCaret(peers.bob, "in te");
    type(peers.bob, "a");
    expect(underlined()).toEqual([]);
  });

  it("draws what others changed without touching what they did not", async () => {
    write(peers.alice, "<p>It was in teh river.</p><p>It is in teh lake.</p><p>And teh sea.</p>");
    await pause();
    const before = [...peers.alice.editor.view.dom.querySelectorAll(".finding")];
    const ids = grammar.list().map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
    placeCaret(peers.bob, "It was");
    type(peers.bob, " seen");
    await pause();
    expect(
      grammar
        .list()
        .map(({ id }) => id)
        .slice(1),
    ).toEqual(ids.slice(1));
    expect(grammar.list().map(({ block }) => block)).toEqual([
      "It was seen in teh river.",
      "It is in teh lake.",
      "And teh sea.",
    ]);
    placeCaret(peers.alice, "It was seen");
    type(peers.alice, " at noon");
    await pause();
    const after = [...peers.alice.editor.view.dom.querySelectorAll(".finding")];
    expect(after.slice(1)).toEqual(before.slice(1));
    expect(after.at(-1)).toBe(before.at(-1));
  });

  it("tells of what came and went, not of what moved", async () => {
    write(peers.alice, "<p>Here.</p><p>It was in teh river.</p>");
    await pause();
    told.mockClear();
    placeCaret(peers.alice, "Here");
    type(peers.alice, " and there");
    await pause();
    expect(told).not.toHaveBeenCalled();
    placeCaret(peers.alice, "in te");
    type(peers.alice, "a");
    await pause();
    expect(told).toHaveBeenCalled();
    expect(grammar.list()).toEqual([]);
  });

  it("never corrects words that changed", async () => {
    write(peers.alice, "<p>It was in teh river and the sea.</p>");
    await pause();
    const [finding] = grammar.list();
    placeCaret(peers.bob, "in te");
    type(peers.bob, "a");
    expect(finding && grammar.accept(finding, "the")).toBe(false);
    expect(text()).toBe("It was in teah river and the sea.");
  });

  it("corrects all of a kind in one undo step", async () => {
    write(peers.alice, "<p>It was in teh river and in teh sea.</p>");
    await pause();
    expect(grammar.acceptAll("spelling")).toBe(2);
    expect(text()).toBe("It was in the river and in the sea.");
    peers.alice.editor.commands.undo();
    expect(text()).toBe("It was in teh river and in teh sea.");
  });

  it("has the assistant read what was changed here, privately and after a pause", async () => {
    write(peers.bob, "<p>Written by Bob, and long enough.</p>");
    await pause(DEEP_CHECK_PAUSE_MS + LOCAL_CHECK_PAUSE_MS + 100);
    expect(requests()).toHaveLength(0);
    placeCaret(peers.alice, "enough.");
    type(peers.alice, " She go.");
    await pause(DEEP_CHECK_PAUSE_MS + LOCAL_CHECK_PAUSE_MS + 100);
    const [request] = requests();
    expect(request).toMatchObject({
      action: "grammar",
      visibility: "private",
      input: { selection: "Written by Bob, and long enough. She go." },
    });
    finds("She go", "She goes");
    await pause(100);
    expect(underlined()).toEqual(["She go"]);
    const [finding] = grammar.list();
    expect(finding && grammar.accept(finding, "She goes")).toBe(true);
    expect(text()).toBe("Written by Bob, and long enough. She goes.");
    expect(socket().sent.at(-1)).toMatchObject({ type: "decide", decision: "accepted" });
  });

  it("shows no finding whose words are not where it says", async () => {
    write(peers.alice, "<p>It was in the river and the sea.</p>");
    await pause(DEEP_CHECK_PAUSE_MS + LOCAL_CHECK_PAUSE_MS + 100);
    finds("not in the text", "x");
    await pause(100);
    expect(underlined()).toEqual([]);
  });

  it("asks no more often than so many times a minute, however much is written", async () => {
    write(peers.alice, "<p>It was in the river.</p>");
    for (let round = 0; round < DEEP_CHECKS_PER_MINUTE * 2; round++) {
      type(peers.alice, ` Word ${round}.`);
      await pause(DEEP_CHECK_PAUSE_MS + LOCAL_CHECK_PAUSE_MS + 10);
      const id = requests().at(-1)?.id;
      if (id)
        socket().say({
          type: "started",
          id,
          seq: 1,
          action: "grammar",
          user: ALICE,
          anchor: null,
          model: "m",
        });
      if (id) socket().say({ type: "done", id, seq: 2, finish_reason: "stop" });
    }
    expect(requests().length).toBeGreaterThan(2);
    expect(requests().length).toBeLessThanOrEqual(DEEP_CHECKS_PER_MINUTE + 1);
  });

  it("is silent about what is in a dictionary, ignored once, or by an ignored rule", async () => {
    write(peers.alice, "<p>It was in teh river and the sea.</p>");
    await pause();
    const [finding] = grammar.list();
    if (!finding) throw new Error("no finding");
    grammar.ignoreOnce(finding);
    await pause(50);
    expect(underlined()).toEqual([]);
    placeCaret(peers.alice, "sea.");
    type(peers.alice, " Then teh end.");
    await pause();
    expect(underlined()).toEqual(["teh"]);
    await grammar.addWord("mine", "teh");
    await pause();
    expect(underlined()).toEqual([]);
    expect(writing.words).toEqual(["teh"]);
  });

  it("keeps what is changed while dictionaries are still being looked up", async () => {
    const answer = fetch;
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
      const found = await answer(path, init);
      if (init.method === "GET") await held;
      return found;
    });
    const loading = grammar.preferences.load();
    await grammar.addWord("mine", "teh");
    release();
    await loading;
    expect(grammar.preferences.words()).toEqual(["teh"]);
  });

  it("keeps the focus and what was opened in a panel that is drawn anew", async () => {
    writing.ignored_rules.push("harper:Mistake");
    await grammar.preferences.load();
    const container = document.body.appendChild(document.createElement("div"));
    const panel = new GrammarPanel(container, peers.alice.editor, grammar, () => {});
    const drawn = async () => {
      panel.update();
      await pause();
    };
    await drawn();
    const read = () =>
      [...container.querySelectorAll("button")].find(
        ({ textContent }) => textContent === "Read the whole text",
      );
    const first = read();
    first?.focus();
    await drawn();
    expect(read()).not.toBe(first);
    expect(document.activeElement).toBe(read());

    const rules = () => container.querySelector<HTMLDetailsElement>(".kept details");
    rules()?.querySelector("summary")?.click();
    panel.update(); // before the browser has told of it
    await pause();
    expect(rules()?.open).toBe(true);
    rules()?.querySelector("summary")?.click();
    await drawn();
    expect(rules()?.open).toBe(false);
  });
});
