/** Drafts, titles and steering, against a server played by the test. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Assistant } from "../assistant/assistant";
import { continueText } from "../assistant/continue";
import { Proposals } from "../assistant/proposals";
import { FakeSocket, makeConfig } from "../testing/fake-socket";
import { makePeers, type Peers, placeCaret, type, write } from "../testing/peers";
import { Drafts } from "./drafts";
import { titlesIn } from "./titles";

const ALICE = { id: "u1", name: "Alice", color: "#9f3a38" };

describe("titles in what a model says", () => {
  it.each([
    ["- The weir\n- **A heron**, waiting\n", ["The weir", "A heron**, waiting"]],
    ["1. “The weir”\n2) A heron", ["The weir", "A heron"]],
    ["Titles\n\nTitles", ["Titles"]],
    ["", []],
  ])("%s", (text, titles) => {
    expect(titlesIn(text)).toEqual(titles);
  });
});

describe("writing forward", () => {
  let peers: Peers;
  let proposals: Proposals;
  let his: Proposals;
  const drafts = {} as Record<"alice" | "bob", Drafts>;

  beforeEach(async () => {
    FakeSocket.of.clear();
    vi.stubGlobal("WebSocket", FakeSocket);
    document.body.innerHTML = '<div id="toasts"></div><div id="announcements"></div>';
    peers = makePeers((name) => {
      const assistant = new Assistant(
        makeConfig(name === "alice" ? ALICE : { ...ALICE, id: "u2", name: "Bob" }),
      );
      drafts[name] = new Drafts(assistant, { changed: () => {} });
      const own = new Proposals(assistant, () => {});
      if (name === "alice") proposals = own;
      else his = own;
      return [drafts[name].extension(), own.ghosts.extension()];
    });
    drafts.alice.attach(peers.alice.editor);
    drafts.bob.attach(peers.bob.editor);
    proposals.attach(peers.alice.editor);
    his.attach(peers.bob.editor);
    await vi.waitFor(() =>
      expect(FakeSocket.of.get("u1")?.isGreeted && FakeSocket.of.get("u2")?.isGreeted).toBe(true),
    );
  });
  afterEach(() => {
    peers.destroy();
    vi.unstubAllGlobals();
  });

  const hers = () => FakeSocket.of.get("u1") as FakeSocket;
  const request = () => hers().sentOf("generate").at(-1) as Record<string, unknown>;
  const say = (message: Record<string, unknown>) => {
    for (const socket of FakeSocket.of.values()) socket.say(message);
  };
  const html = (who: "alice" | "bob") => peers[who].editor.getHTML().replace(/<span [^>]*>|<\/span>/g, "");
  const seen = (who: "alice" | "bob") =>
    peers[who].editor.view.dom.querySelector(".draft")?.textContent ?? null;
  const drawn = () => new Promise((resolve) => setTimeout(resolve, 150));

  function started(action: string): string {
    const id = String(request().id);
    say({
      type: "started",
      id,
      seq: 1,
      action,
      user: ALICE,
      anchor: request().anchor,
      model: "m",
      demo: false,
    });
    return id;
  }

  it("draws a draft as it would be at everybody's, and keeps it as nodes in one undo step", async () => {
    write(peers.alice, "<p>Before.</p><p>After.</p>", "Before.");
    drafts.alice.ask({ action: "outline", input: {}, label: "Outline" });
    const id = started("outline");
    say({ type: "chunk", id, seq: 2, text: "- one\n- two\n" });
    say({ type: "done", id, seq: 3, finish_reason: "stop" });
    await drawn();
    await drawn();
    expect(seen("alice")).toBe("Outlineonetwo");
    expect(seen("bob")).toBe("Alice: Outlineonetwo");
    expect(html("bob")).toBe("<p>Before.</p><p>After.</p>");
    placeCaret(peers.bob, "Bef");
    type(peers.bob, "!");
    expect(drafts.alice.keep()).toBe(true);
    expect(html("bob")).toBe("<p>Bef!ore.</p><ul><li><p>one</p></li><li><p>two</p></li></ul><p>After.</p>");
    peers.alice.editor.commands.undo();
    expect(html("bob")).toBe("<p>Bef!ore.</p><p>After.</p>");
    expect(hers().sentOf("decide").at(-1)).toMatchObject({ id, decision: "accepted" });
  });

  it("shows what a draft used of the story's sheet, at everybody's, and puts none of it into the text", async () => {
    write(peers.alice, "<p>It was late.</p>", "late.");
    drafts.alice.ask({ action: "story", input: { aspect: "scene" }, label: "Scene" });
    const id = started("story");
    const entry = { id, type: "citation", index: 1, source: "character", title: "Anna", url: "" };
    say({ type: "chunk", id, seq: 2, text: "Anna stood at the river." });
    say({ ...entry, seq: 3, quote: "Afraid of water." });
    say({ ...entry, seq: 4, index: 2, source: "place", title: "Haarlem", quote: "" });
    say({ type: "done", id, seq: 5, finish_reason: "stop" });
    await drawn();
    await drawn();
    for (const who of ["alice", "bob"] as const)
      expect(seen(who)).toContain("Used from the story’s sheet:Anna – Afraid of water.Haarlem");
    expect(document.getElementById("announcements")?.textContent).toContain("sheet: Anna, Haarlem.");
    expect(drafts.alice.keep()).toBe(true);
    expect(html("bob")).toBe("<p>It was late.</p><p>Anna stood at the river.</p>");
  });

  it("gives an empty paragraph's place to the draft", async () => {
    write(peers.alice, "<p></p>");
    drafts.alice.ask({ action: "brainstorm", input: {}, label: "Ideas" });
    const id = started("brainstorm");
    say({ type: "chunk", id, seq: 2, text: "- one" });
    say({ type: "done", id, seq: 3, finish_reason: "stop" });
    await drawn();
    expect(drafts.alice.keep()).toBe(true);
    expect(html("bob")).toBe("<ul><li><p>one</p></li></ul>");
  });

  it("steers a continuation: what has come is kept, and the assistant goes on from it as wished", async () => {
    write(peers.alice, "<p>The rain had stopped.</p>", "stopped.");
    continueText(peers.alice.editor, proposals);
    const id = started("continue");
    say({ type: "chunk", id, seq: 2, text: " It was quiet" });
    await drawn();
    expect(proposals.steer("Shorter")).toBe(true);
    expect(peers.bob.editor.getText()).toBe("The rain had stopped. It was quiet");
    expect(hers().sentOf("cancel")).toEqual([{ type: "cancel", id }]);
    expect(request()).toMatchObject({
      action: "continue",
      input: { text_before: "The rain had stopped. It was quiet", instruction: "Shorter" },
    });
    say({ type: "cancelled", id, seq: 3, characters: 13 });
    expect(hers().sentOf("decide")).toEqual([
      { type: "decide", id, decision: "edited", final_text: " It was quiet" },
    ]);
  });

  it("shows the other only the continuation that goes on, and not the rest of the one before", async () => {
    write(peers.alice, "<p>The rain had stopped.</p>", "stopped.");
    continueText(peers.alice.editor, proposals);
    const first = started("continue");
    say({ type: "chunk", id: first, seq: 2, text: " It was quiet" });
    await drawn();
    proposals.steer("Shorter");
    say({ type: "chunk", id: first, seq: 3, text: " and cold" }); // was on its way
    started("continue");
    await drawn();
    for (const who of ["alice", "bob"] as const)
      expect(peers[who].editor.view.dom.querySelectorAll(".ghost")).toHaveLength(1);
    expect(peers.bob.editor.view.dom.querySelector(".ghost")?.firstChild?.textContent).toBe("");
  });

  it("takes down nothing of somebody else's, whatever an anchor says", async () => {
    write(peers.alice, "<p>The rain had stopped.</p>", "stopped.");
    continueText(peers.alice.editor, proposals);
    const first = started("continue");
    say({ type: "chunk", id: first, seq: 2, text: " It was quiet" });
    await drawn();
    const anchor = { ...(request().anchor as object), goes_on_from: first };
    const bob = { ...ALICE, id: "u2", name: "Bob" };
    say({
      type: "started",
      id: "g9",
      seq: 1,
      action: "continue",
      user: bob,
      anchor,
      model: "m",
      demo: false,
    });
    await drawn();
    expect(peers.alice.editor.view.dom.querySelectorAll(".ghost")).toHaveLength(2);
  });

  it("goes on from the kept part, wherever the caret went and whatever others wrote before it", async () => {
    write(peers.alice, "<p>First of all.</p><p>The rain had stopped.</p>", "stopped.");
    continueText(peers.alice.editor, proposals);
    const id = started("continue");
    say({ type: "chunk", id, seq: 2, text: " It was quiet.\nNobody" });
    await drawn();
    placeCaret(peers.alice, "First");
    placeCaret(peers.bob, "of all");
    type(peers.bob, " the birds");
    expect(proposals.steer("Shorter")).toBe(true);
    expect(request()).toMatchObject({
      input: { text_before: expect.stringMatching(/The rain had stopped\. It was quiet\.\n+Nobody$/) },
    });
    expect(peers.agree()).toBe(true);
    expect(peers.bob.editor.getText()).toContain("First of all the birds.");
  });
});
