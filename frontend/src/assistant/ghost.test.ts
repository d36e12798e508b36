import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createAnchor } from "../collaboration/anchors";
import { makePeers, type Peer, type Peers, placeCaret, press, type, write } from "../testing/peers";
import { type GhostEvents, Ghosts } from "./ghost";

const HTML = "<p>The rain had stopped. Nobody spoke.</p><p>Second paragraph.</p>";

describe("ghost text", () => {
  let peers: Peers;
  let ghosts: Record<"alice" | "bob", Ghosts>;
  let events: Record<"alice" | "bob", { [K in keyof GhostEvents]: ReturnType<typeof vi.fn> }>;

  beforeEach(() => {
    const heard = () => ({
      dismissed: vi.fn(),
      taken: vi.fn(),
      wanted: vi.fn(),
      changed: vi.fn(),
    });
    events = { alice: heard(), bob: heard() };
    ghosts = {
      alice: new Ghosts(events.alice as unknown as GhostEvents),
      bob: new Ghosts(events.bob as unknown as GhostEvents),
    };
    peers = makePeers((name) => [ghosts[name].extension()]);
    write(peers.alice, HTML, "stopped.");
  });
  afterEach(() => peers.destroy());

  /** Alice asks at her caret; both see it. */
  function stream(text: string, { over = false, isPrivate = false } = {}): void {
    const { state } = peers.alice.editor;
    const anchor = createAnchor(state, state.selection.head);
    if (!anchor) throw new Error("no anchor");
    for (const name of ["alice", "bob"] as const) {
      if (isPrivate && name === "bob") continue;
      const mine = name === "alice";
      ghosts[name].add({
        id: "g1",
        anchor,
        mine,
        private: isPrivate,
        name: "Alice",
        color: "#9f3a38",
        demo: false,
      });
    }
    say(text, over);
  }

  function say(text: string, over = false): void {
    for (const layer of [ghosts.alice, ghosts.bob]) {
      layer.setText("g1", text);
      if (over) layer.end("g1");
    }
  }

  const settled = () => new Promise((resolve) => setTimeout(resolve, 25));
  const shown = (peer: Peer) => peer.editor.view.dom.querySelector(".ghost")?.firstChild?.textContent ?? null;
  /** The paragraph with the ghost in it, as a reader sees it: "text[ghost]text". */
  function seen(peer: Peer): string {
    const ghost = peer.editor.view.dom.querySelector(".ghost");
    const block = ghost?.closest("p, h1, pre");
    if (!block) return "";
    return [...block.childNodes]
      .map((node) =>
        (node as HTMLElement).classList?.contains("ghost") ? `[${shown(peer)}]` : node.textContent,
      )
      .join("");
  }

  it("streams for everybody and is in nobody's document", async () => {
    stream(" It");
    await settled();
    say(" It was quiet.");
    await settled();
    expect(seen(peers.alice)).toBe("The rain had stopped.[ It was quiet.] Nobody spoke.");
    expect(seen(peers.bob)).toBe(seen(peers.alice));
    expect(peers.bob.editor.getText()).not.toContain("quiet");
  });

  it("streams without a transaction per chunk", async () => {
    stream(" It");
    await settled();
    const spy = vi.fn();
    peers.alice.editor.on("transaction", spy);
    for (let count = 1; count < 50; count++) say(" It".repeat(count));
    await settled();
    expect(shown(peers.alice)).toBe(" It".repeat(49));
    expect(spy).not.toHaveBeenCalled();
  });

  it("is taken whole by Tab, with its mark, as an undo step of its own", async () => {
    type(peers.alice, " Then");
    stream(" it was quiet.", { over: true });
    expect(press(peers.alice, "Tab")).toBe(true);
    await settled();
    expect(peers.bob.editor.getHTML()).toContain('data-gen="g1"> it was quiet.</span>');
    expect(shown(peers.alice)).toBeNull();
    expect(shown(peers.bob)).toBeNull();
    expect(events.alice.taken).toHaveBeenCalledOnce();
    expect(events.alice.taken.mock.calls[0]?.[0].takenHere).toBe(true);
    expect(events.bob.taken.mock.calls[0]?.[0].takenHere).toBe(false);
    peers.alice.editor.commands.undo();
    expect(peers.alice.editor.getText()).toContain("stopped. Then Nobody spoke.");
    expect(peers.agree()).toBe(true);
  });

  it("is taken word by word", async () => {
    stream(" It was quiet.", { over: true });
    press(peers.alice, "ArrowRight", { ctrlKey: true });
    expect(seen(peers.alice)).toBe("The rain had stopped. It[ was quiet.] Nobody spoke.");
    press(peers.alice, "ArrowRight", { ctrlKey: true });
    press(peers.alice, "ArrowRight", { ctrlKey: true });
    await settled();
    expect(peers.bob.editor.getText()).toContain("stopped. It was quiet. Nobody");
    expect(events.alice.taken).toHaveBeenCalledOnce();
    expect(shown(peers.bob)).toBeNull();
  });

  it("is consumed by typing the same letters, in every browser", async () => {
    stream(" It was quiet.");
    type(peers.alice, " It w");
    await settled();
    expect(seen(peers.alice)).toBe("The rain had stopped. It w[as quiet.] Nobody spoke.");
    expect(seen(peers.bob)).toBe(seen(peers.alice));
    expect(peers.alice.editor.getHTML()).not.toContain("data-gen");
  });

  it("comes back by as much as is deleted again", async () => {
    stream(" It was quiet.");
    type(peers.alice, " It");
    const { head } = peers.alice.editor.state.selection;
    peers.alice.editor.view.dispatch(peers.alice.editor.state.tr.delete(head - 1, head));
    await settled();
    expect(seen(peers.alice)).toBe("The rain had stopped. I[t was quiet.] Nobody spoke.");
  });

  it("is dismissed by typing something else, in every browser", async () => {
    stream(" It was quiet.");
    type(peers.alice, " No");
    await settled();
    expect(shown(peers.alice)).toBeNull();
    expect(shown(peers.bob)).toBeNull();
    expect(events.alice.dismissed).toHaveBeenCalledOnce();
  });

  it("is dismissed by its owner writing elsewhere", async () => {
    stream(" It was quiet.");
    placeCaret(peers.alice, "Second");
    expect(shown(peers.alice)).not.toBeNull();
    type(peers.alice, "!");
    await settled();
    expect(shown(peers.alice)).toBeNull();
  });

  it("is dropped by Escape, which says how much had been taken", async () => {
    stream(" It was quiet.");
    press(peers.alice, "ArrowRight", { ctrlKey: true });
    expect(press(peers.alice, "Escape")).toBe(true);
    expect(shown(peers.alice)).toBeNull();
    expect(events.alice.dismissed).toHaveBeenCalledWith(expect.objectContaining({ id: "g1" }), " It");
  });

  it("leaves Tab and Escape alone when there is none", () => {
    expect(press(peers.alice, "Escape")).toBe(false);
    expect(press(peers.alice, "Tab")).toBe(false);
  });

  it("can be taken by somebody else who may edit", async () => {
    stream(" It was quiet.", { over: true });
    placeCaret(peers.bob, "stopped.");
    expect(press(peers.bob, "Tab")).toBe(true);
    await settled();
    expect(peers.alice.editor.getText()).toContain("stopped. It was quiet.");
    expect(shown(peers.alice)).toBeNull();
    expect(events.bob.taken.mock.calls[0]?.[0].takenHere).toBe(true);
    expect(events.alice.taken.mock.calls[0]?.[0].takenHere).toBe(false);
  });

  it("moves with what others write before it and in other blocks", async () => {
    stream(" It was quiet.");
    placeCaret(peers.bob, "The");
    type(peers.bob, " cold");
    placeCaret(peers.bob, "Second");
    type(peers.bob, " and last");
    await settled();
    expect(seen(peers.alice)).toBe("The cold rain had stopped.[ It was quiet.] Nobody spoke.");
    expect(seen(peers.bob)).toBe(seen(peers.alice));
  });

  it("stays when others write right after the place's neighbours", async () => {
    stream(" It was quiet.");
    placeCaret(peers.bob, "Nobody");
    type(peers.bob, " else");
    await settled();
    expect(seen(peers.alice)).toBe("The rain had stopped.[ It was quiet.] Nobody else spoke.");
  });

  it("goes when its block is deleted by somebody else", async () => {
    stream(" It was quiet.");
    peers.bob.editor.commands.deleteRange({
      from: 0,
      to: peers.bob.editor.state.doc.firstChild?.nodeSize ?? 0,
    });
    await settled();
    expect(shown(peers.alice)).toBeNull();
    expect(events.alice.dismissed).toHaveBeenCalledOnce();
  });

  it("never lands in the wrong place when somebody else splits its block before it", async () => {
    stream(" It was quiet.");
    placeCaret(peers.bob, "The rain");
    peers.bob.editor.commands.splitBlock();
    await settled();
    expect(["", " had stopped.[ It was quiet.] Nobody spoke."]).toContain(seen(peers.alice));
  });

  it("waits for the words around its place to arrive", async () => {
    peers.offline();
    type(peers.alice, " New words.");
    stream(" It was quiet.");
    await settled();
    expect(seen(peers.alice)).toContain("New words.[ It was quiet.]");
    expect(shown(peers.bob)).toBeNull();
    peers.online();
    await settled();
    expect(seen(peers.bob)).toBe(seen(peers.alice));
  });

  it("writes several paragraphs as paragraphs, and the rest after what was taken while it streams", async () => {
    stream(" One.\n\nTwo.");
    press(peers.alice, "Tab");
    expect(peers.alice.editor.getHTML()).toMatch(
      /stopped\.<span[^>]*> One\.<\/span><\/p><p><span[^>]*>Two\.<\/span> Nobody/,
    );
    say(" One.\n\nTwo. Three.", true);
    await settled();
    expect(seen(peers.alice)).toBe("Two.[ Three.] Nobody spoke.");
    expect(seen(peers.bob)).toBe(seen(peers.alice));
    expect(peers.alice.editor.state.selection.$head.parent.textContent).toBe("Two. Nobody spoke.");
    press(peers.alice, "Tab");
    await settled();
    expect(peers.agree()).toBe(true);
    expect(shown(peers.bob)).toBeNull();
  });

  it("continues an empty document", async () => {
    peers.alice.editor.commands.clearContent();
    stream("Once upon a time.", { over: true });
    expect(shown(peers.alice)).toBe("Once upon a time.");
    press(peers.alice, "Tab");
    await settled();
    expect(peers.bob.editor.getText()).toBe("Once upon a time.");
    expect(shown(peers.bob)).toBeNull();
  });

  it("goes into a code block as plain text", async () => {
    write(peers.alice, "<pre><code>a = 1</code></pre>", "a = 1");
    stream("\nb = 2", { over: true });
    press(peers.alice, "Tab");
    await settled();
    expect(peers.bob.editor.getJSON().content?.[0]).toMatchObject({
      type: "codeBlock",
      content: [{ type: "text", text: "a = 1\nb = 2" }],
    });
    expect(shown(peers.alice)).toBeNull();
  });

  it("is dismissed by moving the caret away when nobody else sees it", async () => {
    stream(" It was quiet.", { isPrivate: true });
    placeCaret(peers.alice, "Second");
    await settled();
    expect(shown(peers.alice)).toBeNull();
  });

  it("stays with its owner's caret elsewhere, but then Tab is not taken", () => {
    stream(" It was quiet.", { over: true });
    placeCaret(peers.alice, "Second");
    expect(shown(peers.alice)).not.toBeNull();
    expect(press(peers.alice, "Tab")).toBe(false);
  });

  it("adds no second blank", async () => {
    write(peers.alice, "<p>The end</p>", "The end");
    type(peers.alice, " ");
    stream(" of it", { over: true });
    expect(shown(peers.alice)).toBe("of it");
  });

  describe("before a word", () => {
    beforeEach(() => placeCaret(peers.alice, "stopped. "));

    it("ends with a blank, as it is shown, and undo takes both back at once", async () => {
      stream("It was quiet.", { over: true });
      expect(seen(peers.alice)).toBe("The rain had stopped. [It was quiet. ]Nobody spoke.");
      expect(seen(peers.bob)).toBe(seen(peers.alice));
      press(peers.alice, "Tab");
      await settled();
      expect(peers.bob.editor.getText()).toContain("stopped. It was quiet. Nobody spoke.");
      expect([shown(peers.alice), shown(peers.bob)]).toEqual([null, null]);
      expect(events.alice.taken).toHaveBeenCalledOnce();
      peers.alice.editor.commands.undo();
      expect(peers.bob.editor.getText()).toContain("stopped. Nobody spoke.");
    });

    it("is shown apart from it while it streams", async () => {
      stream("It was qui");
      await settled();
      const ghost = peers.alice.editor.view.dom.querySelector(".ghost");
      expect(ghost?.textContent).toBe("It was qui ");
      say("It was quiet.", true);
      expect(ghost?.textContent).toBe("It was quiet. ");
    });

    it("leaves words apart whatever is taken of it", () => {
      stream("It was quiet.", { over: true });
      press(peers.alice, "ArrowRight", { ctrlKey: true });
      expect(seen(peers.alice)).toBe("The rain had stopped. It [was quiet. ]Nobody spoke.");
      press(peers.alice, "Escape");
      expect(peers.alice.editor.getText()).toContain("stopped. It Nobody spoke.");
    });

    it("is taken up to its last whole word while it streams, and to the end after that", async () => {
      stream("It was qui");
      press(peers.alice, "Tab");
      expect(peers.alice.editor.getText()).toContain("stopped. It was Nobody spoke.");
      say("It was quiet.", true);
      await settled();
      expect(seen(peers.bob)).toBe("The rain had stopped. It was [quiet. ]Nobody spoke.");
      press(peers.alice, "Tab");
      await settled();
      expect(peers.bob.editor.getText()).toContain("stopped. It was quiet. Nobody spoke.");
      expect([shown(peers.alice), shown(peers.bob)]).toEqual([null, null]);
    });

    it("is taken with its first whole word, once, by a Tab that came before", async () => {
      stream("");
      expect(press(peers.alice, "Tab")).toBe(true);
      expect(press(peers.alice, "Tab")).toBe(true);
      say("It");
      await settled();
      expect(peers.alice.editor.getText()).toContain("stopped. Nobody spoke.");
      expect(press(peers.alice, "Tab")).toBe(true);
      expect(events.alice.wanted).toHaveBeenCalledOnce();
      say("It was qui");
      await settled();
      expect(peers.bob.editor.getText()).toContain("stopped. It was Nobody spoke.");
      say("It was quiet. Then", true);
      await settled();
      expect(seen(peers.bob)).toBe("The rain had stopped. It was [quiet. Then ]Nobody spoke.");
    });

    it("is taken by one word, as the key says that came before it was whole", async () => {
      stream("It");
      expect(press(peers.alice, "ArrowRight", { ctrlKey: true })).toBe(true);
      say("It was quiet.", true);
      await settled();
      expect(seen(peers.bob)).toBe("The rain had stopped. It [was quiet. ]Nobody spoke.");
    });

    it("is not taken any more once it was dismissed, nor unseen by who did not ask for it", async () => {
      stream("");
      placeCaret(peers.bob, "stopped. ");
      expect(press(peers.bob, "Tab")).toBe(true);
      press(peers.alice, "Tab");
      press(peers.alice, "Escape");
      say("It was quiet.", true);
      await settled();
      expect(peers.alice.editor.getText()).toContain("stopped. Nobody spoke.");
      expect(seen(peers.bob)).toBe("The rain had stopped. [It was quiet. ]Nobody spoke.");
    });

    it("ends its last paragraph with a blank", () => {
      stream("One.\n\nTwo.", { over: true });
      press(peers.alice, "Tab");
      expect(peers.alice.editor.getText({ blockSeparator: "|" })).toContain(
        "stopped. One.|Two. Nobody spoke.",
      );
    });

    it("adds nothing in code", () => {
      write(peers.alice, "<pre><code>a = 1;b = 2</code></pre>", "a = 1;");
      stream("c = 3;", { over: true });
      expect(shown(peers.alice)).toBe("c = 3;");
    });
  });
});
