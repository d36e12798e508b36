/** The assistant in a document: what it asks, shows and decides, against a server played by the test. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createAnchor, encodeAnchor } from "../collaboration/anchors";
import { ANSWER_TIMEOUT_MS, CONNECTING_MS } from "../editor/limits";
import { FakeSocket, makeConfig } from "../testing/fake-socket";
import { makePeers, type Peers, placeCaret, press, type, write } from "../testing/peers";
import { Assistant } from "./assistant";
import { continueExtension } from "./continue";
import { Proposals } from "./proposals";

const ALICE = { id: "u1", name: "Alice", color: "#9f3a38" };
const BOB = { id: "u2", name: "Bob", color: "#2456a6" };
const CONFIG = makeConfig(ALICE);

describe("the assistant in a document", () => {
  let peers: Peers;
  let assistant: Assistant;
  let proposals: Proposals;

  beforeEach(async () => {
    vi.stubGlobal("WebSocket", FakeSocket);
    document.body.innerHTML = '<div id="notices"></div><div id="toasts"></div><div id="announcements"></div>';
    assistant = new Assistant(CONFIG);
    proposals = new Proposals(assistant, () => {});
    peers = makePeers((name) =>
      name === "alice" ? [proposals.ghosts.extension(), continueExtension(proposals)] : [],
    );
    proposals.attach(peers.alice.editor);
    write(peers.alice, "<p>The rain had stopped.</p>", "stopped.");
    await vi.waitFor(() => expect(assistant.hello).not.toBeNull());
  });
  afterEach(() => {
    peers.destroy();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  const sent = (kind: string) => FakeSocket.latest.sent.filter((message) => message.type === kind);
  const say = (message: Record<string, unknown>) => FakeSocket.latest.say(message);
  const settled = () => new Promise((resolve) => setTimeout(resolve, 25));
  const ghostText = () =>
    peers.alice.editor.view.dom.querySelector(".ghost")?.firstChild?.textContent ?? null;
  const notices = () => document.getElementById("toasts")?.textContent ?? "";

  /** Alice asks; the server streams these chunks. Returns the generation's id. */
  function streamed(...chunks: string[]): string {
    press(peers.alice, "Enter", { ctrlKey: true });
    const id = String(sent("generate").at(-1)?.id);
    start(id, ALICE, sent("generate").at(-1)?.anchor);
    for (const [index, text] of chunks.entries()) say({ type: "chunk", id, seq: index + 2, text });
    return id;
  }
  function start(id: string, user: typeof ALICE, anchor: unknown, action = "continue"): void {
    say({
      type: "started",
      id,
      seq: 1,
      action,
      user,
      anchor,
      model: "interline/demo",
      demo: true,
    });
  }
  const finish = (id: string, seq: number) => say({ type: "done", id, seq, finish_reason: "stop" });

  /** A hello as after a reload: this generation of Alice's or Bob's waits for a decision. */
  function reloaded(id: string, user: typeof ALICE): unknown {
    const at = createAnchor(peers.alice.editor.state, peers.alice.editor.state.selection.head);
    const anchor = at && encodeAnchor(at);
    const undecided = [{ id, action: "continue", user, anchor, seq: 3 }];
    say({
      type: "hello",
      protocol: 1,
      user: ALICE,
      role: "editor",
      limits: {},
      models: [],
      open: [],
      undecided,
    });
    return anchor;
  }

  it("shows again what nobody had decided about before the page was loaded", async () => {
    const anchor = reloaded("g7", BOB);
    expect(sent("resume").at(-1)?.after).toEqual({ g7: 0 });
    start("g7", BOB, anchor);
    say({ type: "chunk", id: "g7", seq: 2, text: " Then the sun came." });
    finish("g7", 3);
    await settled();
    expect(ghostText()).toBe(" Then the sun came.");
  });

  it("lets who asked before a reload decide against it", async () => {
    start("g8", ALICE, reloaded("g8", ALICE));
    say({ type: "chunk", id: "g8", seq: 2, text: " Then the sun came." });
    finish("g8", 3);
    await settled();
    press(peers.alice, "Escape");
    expect(sent("decide")).toEqual([{ type: "decide", id: "g8", decision: "rejected" }]);
  });

  it("leaves an inline completion of the same person's other tab alone", async () => {
    const { state, commands } = peers.alice.editor;
    const at = createAnchor(state, state.selection.head);
    commands.setTextSelection(1);
    start("g9", ALICE, at && encodeAnchor(at), "complete");
    say({ type: "chunk", id: "g9", seq: 2, text: " Then" });
    await settled();
    expect(ghostText()).toBeNull();
    expect([...sent("cancel"), ...sent("decide")]).toEqual([]);
    finish("g9", 3);
    await settled();
    expect([...sent("cancel"), ...sent("decide")]).toEqual([]);
  });

  it("asks with the text around the caret", () => {
    press(peers.alice, "Enter", { ctrlKey: true });
    expect(sent("generate")[0]).toMatchObject({
      action: "continue",
      visibility: "shared",
      input: { text_before: "The rain had stopped.", text_after: "" },
    });
  });

  it("asks once, however often the key is pressed", () => {
    press(peers.alice, "Enter", { ctrlKey: true });
    press(peers.alice, "Enter", { ctrlKey: true });
    expect(sent("generate")).toHaveLength(1);
  });

  it("goes to the open one, and says so, where the key is pressed elsewhere", async () => {
    write(peers.alice, "<p>The rain had stopped.</p><p>Nobody spoke.</p>", "stopped.");
    const id = streamed(" It", " was quiet.");
    finish(id, 4);
    await settled();
    placeCaret(peers.alice, "spoke.");
    press(peers.alice, "Enter", { ctrlKey: true });
    expect(sent("generate")).toHaveLength(1);
    expect(notices()).toContain("Your suggestion is still open here. Tab takes it, Esc leaves it.");
    expect(press(peers.alice, "Tab")).toBe(true);
    expect(peers.alice.editor.getText({ blockSeparator: "|" })).toBe(
      "The rain had stopped. It was quiet.|Nobody spoke.",
    );
  });

  it("leaves the open one for the place where the key was pressed, where that is wanted", async () => {
    write(peers.alice, "<p>The rain had stopped.</p><p>Nobody spoke.</p>", "stopped.");
    const id = streamed(" It was quiet.");
    finish(id, 3);
    await settled();
    placeCaret(peers.alice, "spoke.");
    press(peers.alice, "Enter", { ctrlKey: true });
    document.querySelector<HTMLButtonElement>("#toasts .toast > .button:not(.button-icon)")?.click();
    expect(sent("decide")).toEqual([{ type: "decide", id, decision: "rejected" }]);
    expect(sent("generate")).toHaveLength(2);
    expect(sent("generate").at(-1)?.input).toMatchObject({
      text_before: "The rain had stopped.\n\nNobody spoke.",
    });
  });

  it("says so when it is accepted, after the end", async () => {
    const id = streamed(" It", " was quiet.");
    await settled();
    press(peers.alice, "Tab");
    expect(sent("decide")).toHaveLength(0);
    finish(id, 4);
    await settled();
    expect(sent("decide")).toEqual([{ type: "decide", id, decision: "accepted" }]);
    expect(peers.bob.editor.getText()).toBe("The rain had stopped. It was quiet.");
  });

  it("stops and keeps nothing on Escape while it streams", async () => {
    const id = streamed(" It");
    await settled();
    press(peers.alice, "Escape");
    expect(sent("cancel")).toEqual([{ type: "cancel", id }]);
    say({ type: "chunk", id, seq: 3, text: " was late." });
    say({ type: "cancelled", id, seq: 4, characters: 3 });
    await settled();
    expect(ghostText()).toBeNull();
    expect(sent("decide")).toEqual([]);
    expect(peers.alice.editor.getText()).toBe("The rain had stopped.");
  });

  it("is rejected by Escape once it is there", async () => {
    const id = streamed(" It was quiet.");
    finish(id, 3);
    await settled();
    press(peers.alice, "Escape");
    expect(sent("decide")).toEqual([{ type: "decide", id, decision: "rejected" }]);
  });

  it("says what was taken of it when the rest is dropped", async () => {
    const id = streamed(" It was quiet.");
    finish(id, 3);
    await settled();
    press(peers.alice, "ArrowRight", { ctrlKey: true });
    press(peers.alice, "Escape");
    expect(sent("decide")).toEqual([{ type: "decide", id, decision: "edited", final_text: " It" }]);
  });

  it("keeps what had arrived when a generation fails, and says what happened", async () => {
    const id = streamed(" It was");
    say({ type: "failed", id, seq: 3, code: "stalled", message: "x", retryable: true, partial: true });
    await settled();
    expect(ghostText()).toBe(" It was");
    expect(notices()).toContain(
      "The model stopped in the middle of its answer. What had arrived stays as a suggestion.",
    );
  });

  it("takes its mark away when nothing came, and says why", async () => {
    press(peers.alice, "Enter", { ctrlKey: true });
    const id = sent("generate")[0]?.id;
    say({ type: "error", id, code: "rate_limited", message: "x", retryable: true, retry_after: 20 });
    await settled();
    expect(ghostText()).toBeNull();
    expect(notices()).toContain("Try again in 20 seconds.");
  });

  it("gives up when nobody answers", async () => {
    vi.useFakeTimers();
    press(peers.alice, "Enter", { ctrlKey: true });
    vi.advanceTimersByTime(ANSWER_TIMEOUT_MS);
    expect(ghostText()).toBeNull();
    expect(notices()).toContain("did not answer. Your text is untouched.");
  });

  describe("before its first connection", () => {
    beforeEach(() => {
      vi.useFakeTimers();
      FakeSocket.greets = false;
      const early = new Assistant(CONFIG);
      const waiting = new Proposals(early, () => {});
      peers.destroy();
      peers = makePeers((name) =>
        name === "alice" ? [waiting.ghosts.extension(), continueExtension(waiting)] : [],
      );
      waiting.attach(peers.alice.editor);
      write(peers.alice, "<p>The rain had stopped.</p>", "stopped.");
    });
    afterEach(() => {
      FakeSocket.greets = true;
    });

    it("keeps what is asked, and sends it with the hello, for the place where it was asked", () => {
      press(peers.alice, "Enter", { ctrlKey: true });
      expect(sent("generate")).toHaveLength(0);
      expect(peers.alice.editor.view.dom.querySelector(".ghost-wait")).not.toBeNull();
      vi.advanceTimersByTime(CONNECTING_MS - 1);
      FakeSocket.latest.greet();
      expect(sent("generate")).toMatchObject([
        { action: "continue", input: { text_before: "The rain had stopped." } },
      ]);
      vi.advanceTimersByTime(CONNECTING_MS);
      expect(notices()).toBe("");
    });

    it("waits no longer than so long, says why, and sends nothing of it later", () => {
      press(peers.alice, "Enter", { ctrlKey: true });
      vi.advanceTimersByTime(CONNECTING_MS);
      expect(ghostText()).toBeNull();
      expect(notices()).toContain("The assistant cannot be reached. Your text is untouched.");
      FakeSocket.latest.greet();
      expect(sent("generate")).toHaveLength(0);
      press(peers.alice, "Enter", { ctrlKey: true });
      expect(sent("generate")).toHaveLength(1);
    });
  });

  it("refuses in words while it cannot be reached", async () => {
    FakeSocket.latest.dispatchEvent(Object.assign(new Event("close"), { code: 4401, reason: "" }));
    await settled();
    press(peers.alice, "Enter", { ctrlKey: true });
    expect(sent("generate")).toHaveLength(0);
    expect(notices()).toContain("The assistant cannot be reached.");
  });

  it("shows what others asked for, with their name, and takes it down on their decision", async () => {
    const anchor = createAnchor(peers.bob.editor.state, 22);
    if (!anchor) throw new Error("no anchor");
    start("g9", BOB, encodeAnchor(anchor));
    say({ type: "chunk", id: "g9", seq: 2, text: " It was quiet." });
    await settled();
    expect(ghostText()).toBe(" It was quiet.");
    expect(peers.alice.editor.view.dom.querySelector(".ghost-tag")?.textContent).toBe("Bob · demo");
    press(peers.alice, "Escape");
    expect(sent("decide")).toEqual([]);
    say({ type: "done", id: "g9", seq: 3, finish_reason: "stop" });
    say({ type: "decided", id: "g9", seq: 4, decision: "rejected", user: BOB });
    await settled();
    expect(ghostText()).toBeNull();
  });

  it("survives an anchor that is none", async () => {
    start("g9", BOB, { left: "x" });
    say({ type: "chunk", id: "g9", seq: 2, text: " It" });
    await settled();
    expect(ghostText()).toBeNull();
    type(peers.alice, "!");
    expect(peers.alice.editor.getText()).toBe("The rain had stopped.!");
  });

  it("asks for events that are missing", () => {
    const id = streamed(" It");
    say({ type: "chunk", id, seq: 5, text: " later" });
    expect(sent("resume").at(-1)).toEqual({ type: "resume", after: { [id]: 2 } });
  });
});
