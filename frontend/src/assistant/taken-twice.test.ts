import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createAnchor } from "../collaboration/anchors";
import { makePeers, type Peers, placeCaret, type, write } from "../testing/peers";
import { Ghosts } from "./ghost";
import type { Ghost } from "./ghost-element";

const NAMES = ["alice", "bob"] as const;
const WAIT_MS = 30_000;

describe("a proposal that two take in the same moment", () => {
  let peers: Peers;
  let ghosts: Record<"alice" | "bob", Ghosts>;
  let dismissed: ReturnType<typeof vi.fn<(ghost: Ghost, consumed: string) => void>>;

  beforeEach(() => {
    dismissed = vi.fn();
    const layer = () => new Ghosts({ dismissed, taken: vi.fn(), wanted: vi.fn(), changed: vi.fn() });
    ghosts = { alice: layer(), bob: layer() };
    peers = makePeers((name) => [ghosts[name].extension()]);
    write(peers.alice, "<p>The rain had stopped. Nobody spoke.</p><p>Second.</p>", "stopped.");
  });
  afterEach(() => peers.destroy());

  function propose(text: string, over = true): void {
    const { state } = peers.alice.editor;
    const anchor = createAnchor(state, state.selection.head);
    if (!anchor) throw new Error("no anchor");
    for (const name of NAMES) {
      const mine = name === "alice";
      ghosts[name].add({ id: "g1", anchor, mine, private: false, name, color: "#9f3a38", demo: false });
    }
    say(text, over);
  }

  function say(text: string, over: boolean): void {
    for (const name of NAMES) {
      ghosts[name].setText("g1", text);
      if (over) ghosts[name].end("g1");
    }
  }

  const takeWord = (name: "alice" | "bob") => ghosts[name].take("g1", "word");
  const takeAll = (name: "alice" | "bob") => ghosts[name].take("g1", "all");
  const paragraphs = () => peers.alice.editor.getText({ blockSeparator: "|" });
  /** Time enough to do what is not to be done. */
  const settled = () => new Promise((resolve) => setTimeout(resolve, 150));

  /** Both do something that the other does not see yet; then they do. */
  function atOnce(hers: () => unknown, his: () => unknown): void {
    peers.offline();
    hers();
    his();
    peers.online();
  }

  /** Both see this text, sooner or later. */
  const reads = (text: string) =>
    vi.waitFor(
      () => {
        expect(paragraphs()).toBe(text);
        expect(peers.agree()).toBe(true);
      },
      { timeout: WAIT_MS },
    );

  const WHOLE = "The rain had stopped. It was quiet. Nobody spoke.|Second.";

  it("is there once when both take all of it", async () => {
    propose(" It was quiet.");
    atOnce(
      () => takeAll("alice"),
      () => takeAll("bob"),
    );
    await reads(WHOLE);
  });

  it.each([
    ["alice", "bob"],
    ["bob", "alice"],
  ] as const)("is there once when %s takes words of it and %s all", async (some, all) => {
    propose(" It was quiet.");
    atOnce(
      () => [takeWord(some), takeWord(some)],
      () => takeAll(all),
    );
    await reads(WHOLE);
  });

  it("goes on when both take its first word", async () => {
    propose(" It was quiet.");
    atOnce(
      () => takeWord("alice"),
      () => takeWord("bob"),
    );
    await reads("The rain had stopped. It Nobody spoke.|Second.");
    expect([ghosts.alice.rest("g1"), ghosts.bob.rest("g1")]).toEqual([" was quiet.", " was quiet."]);
    expect(dismissed).not.toHaveBeenCalled();
    takeAll("alice");
    await reads(WHOLE);
    await vi.waitFor(() => expect(ghosts.bob.get("g1")).toBeUndefined(), { timeout: WAIT_MS });
  });

  it("goes on when both take what there is while it streams", async () => {
    propose(" It", false);
    atOnce(
      () => takeAll("alice"),
      () => {
        ghosts.bob.setText("g1", " It was");
        takeAll("bob");
      },
    );
    await reads("The rain had stopped. It was Nobody spoke.|Second.");
    say(" It was quiet.", true);
    takeAll("alice");
    await reads(WHOLE);
    expect(dismissed).not.toHaveBeenCalled();
  });

  it("waits where somebody took more of it than has arrived here", async () => {
    propose(" It", false);
    ghosts.bob.setText("g1", " It was");
    takeAll("bob");
    await settled();
    say(" It was quiet.", true);
    takeAll("alice");
    await reads(WHOLE);
    expect(dismissed).not.toHaveBeenCalled();
  });

  it("is there once before a word", async () => {
    placeCaret(peers.alice, "stopped. ");
    propose("It was quiet.");
    atOnce(
      () => takeWord("alice"),
      () => takeAll("bob"),
    );
    await reads(WHOLE);
  });

  it.each([
    ["an empty paragraph", "<p>First.</p><p></p>", "First.|It was quiet."],
    ["an empty document", "", "It was quiet."],
  ])("is there once in %s", async (_where, html, text) => {
    write(peers.alice, html);
    peers.alice.editor.commands.focus("end");
    propose("It was quiet.");
    atOnce(
      () => takeWord("alice"),
      () => takeAll("bob"),
    );
    await reads(text);
  });

  it("is there once in several paragraphs, and so is what stood behind it", async () => {
    propose(" One.\n\nTwo.");
    atOnce(
      () => takeAll("alice"),
      () => takeAll("bob"),
    );
    await reads("The rain had stopped. One.|Two. Nobody spoke.|Second.");
  });

  it.each([
    ["alice", "bob"],
    ["bob", "alice"],
  ] as const)("is there once when %s takes its first paragraph and %s all", async (some, all) => {
    propose(" It was quiet.\n\nTwo.");
    atOnce(
      () => [takeWord(some), takeWord(some), takeWord(some)],
      () => takeAll(all),
    );
    await reads("The rain had stopped. It was quiet.|Two. Nobody spoke.|Second.");
  });

  it("is taken back whole, with what stood behind it where it was, by one undo", async () => {
    propose(" One.\n\nTwo.");
    takeAll("alice");
    peers.alice.editor.commands.undo();
    await reads("The rain had stopped. Nobody spoke.|Second.");
  });

  it("leaves what was typed into it, and the other gives way to that", async () => {
    propose(" It was quiet.");
    atOnce(
      () => {
        takeAll("alice");
        placeCaret(peers.alice, "It was");
        type(peers.alice, " very");
      },
      () => takeAll("bob"),
    );
    await reads("The rain had stopped. It was very quiet. Nobody spoke.|Second.");
  });

  it("gives way without what was written elsewhere since", async () => {
    propose(" It was quiet.");
    atOnce(
      () => {
        takeWord("alice");
        placeCaret(peers.alice, "Second.");
        type(peers.alice, " Third.");
      },
      () => takeAll("bob"),
    );
    await reads("The rain had stopped. It was quiet. Nobody spoke.|Second. Third.");
  });

  it("stays as somebody changed it since", async () => {
    propose(" It was quiet.");
    atOnce(
      () => {
        takeWord("alice");
        const end = placeCaret(peers.alice, "stopped. It");
        peers.alice.editor.view.dispatch(peers.alice.editor.state.tr.delete(end - 1, end));
      },
      () => takeAll("bob"),
    );
    await settled();
    expect(paragraphs()).toMatch(/ It was quiet\./);
    expect(paragraphs()).toMatch(/ I( |$)|quiet\. I /);
  });

  it("is left alone where two take it one after the other, and where it is copied", async () => {
    propose(" It was quiet.");
    takeWord("alice");
    await settled();
    takeAll("bob");
    await reads(WHOLE);
    const { state, view } = peers.bob.editor;
    const copied = state.doc.slice(22, 36).content;
    view.dispatch(state.tr.insert(state.doc.content.size - 1, copied));
    await settled();
    await reads(`${WHOLE} It was quiet.`);
  });
});
