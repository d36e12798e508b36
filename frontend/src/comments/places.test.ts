/** Passages that comments are about, in a document that two people edit. */
import { undo } from "@tiptap/y-tiptap";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makePeers, type Peer, type Peers, placeCaret, type, write } from "../testing/peers";
import { randomness, seed } from "../testing/randomness";
import type { WireAnchor } from "./comment";
import { Places, passageAt } from "./places";

const ROUNDS = 8;
type Name = "alice" | "bob";

describe(`the passages of comments (seed ${seed})`, () => {
  let peers: Peers;
  let places: Record<Name, Places>;
  let moved: [Name, string, WireAnchor][];

  beforeEach(() => {
    moved = [];
    places = {} as Record<Name, Places>;
    peers = makePeers((name) => {
      places[name] = new Places({
        changed: () => {},
        moved: (id, anchor) => moved.push([name, id, anchor]),
      });
      return [places[name].extension()];
    });
  });
  afterEach(() => peers.destroy());

  const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

  function select(peer: Peer, words: string): { from: number; to: number } {
    const to = placeCaret(peer, words);
    return { from: to - words.length, to };
  }

  /** Alice comments on these words; both look after the passage. */
  function comment(words: string, id = "c1") {
    const { from, to } = select(peers.alice, words);
    const passage = passageAt(peers.alice.editor.state, from, to);
    if (!passage) throw new Error("There is no such passage.");
    look([{ id, ...passage, drawn: true }]);
    return passage;
  }

  function look(wanted: Parameters<Places["set"]>[0]) {
    places.alice.set(wanted);
    places.bob.set(wanted);
  }

  function words(name: Name, id = "c1"): string | null {
    const range = places[name].range(id);
    return range && peers[name].editor.state.doc.textBetween(range.from, range.to, "\n");
  }

  const drawn = (peer: Peer) =>
    [...peer.editor.view.dom.querySelectorAll("[data-comment]")].map((one) => one.textContent).join("");

  it("are quoted, drawn for both, and no part of the document", () => {
    write(peers.alice, "<p>The heron waits.</p>");
    const before = JSON.stringify(peers.alice.editor.getJSON());
    expect(comment("heron").quote).toBe("heron");
    expect([drawn(peers.alice), drawn(peers.bob)]).toEqual(["heron", "heron"]);
    expect(JSON.stringify(peers.alice.editor.getJSON())).toBe(before);
  });

  it("take in what is written inside and not what is written beside", async () => {
    write(peers.alice, "<p>The heron waits.</p>");
    comment("heron");
    placeCaret(peers.bob, "her");
    type(peers.bob, "xx");
    placeCaret(peers.bob, "The ");
    type(peers.bob, "grey ");
    placeCaret(peers.alice, "on");
    type(peers.alice, "s");
    await settled();
    expect([words("alice"), words("bob")]).toEqual(["herxxon", "herxxon"]);
  });

  it("are gone with their text, and back when that is undone", async () => {
    write(peers.alice, "<p>The heron waits.</p>");
    comment("heron");
    const { from, to } = select(peers.bob, "The heron waits");
    peers.bob.editor.commands.deleteRange({ from, to });
    await settled();
    expect([words("alice"), words("bob")]).toEqual([null, null]);
    undo(peers.bob.editor.state);
    await settled();
    expect([words("alice"), words("bob")]).toEqual(["heron", "heron"]);
  });

  it("follow a split paragraph, and the browser it was split in says where they are", async () => {
    write(peers.alice, "<p>The rain stops. The heron waits by the weir.</p>");
    comment("heron waits");
    placeCaret(peers.bob, "stops.");
    peers.bob.editor.commands.splitBlock();
    await settled();
    expect([words("alice"), words("bob")]).toEqual(["heron waits", "heron waits"]);
    expect(moved.map(([name, id]) => `${name} ${id}`)).toEqual(["bob c1"]);
    const [, , anchor] = moved[0] as [Name, string, WireAnchor];
    // Changed after that, it is still found by who comes later with that anchor.
    placeCaret(peers.alice, "her");
    type(peers.alice, "xx");
    const later = new Places({ changed: () => {}, moved: () => {} });
    peers.bob.editor.registerPlugin(plugin(later, peers.bob));
    later.set([{ id: "c1", anchor, quote: "heron waits", drawn: true }]);
    const range = later.range("c1");
    expect(range && peers.bob.editor.state.doc.textBetween(range.from, range.to)).toBe("herxxon waits");
  });

  it("are found by their words where an old anchor leads nowhere", async () => {
    write(peers.alice, "<p>A heron. The heron waits.</p>");
    const passage = comment("heron waits");
    look([]);
    placeCaret(peers.bob, "A heron.");
    peers.bob.editor.commands.splitBlock();
    look([{ id: "c1", ...passage, drawn: true }]);
    expect([words("alice"), words("bob")]).toEqual(["heron waits", "heron waits"]);
  });

  it("of other programs that make no sense are gone, and harm nothing", () => {
    write(peers.alice, "<p>The heron waits.</p>");
    look([{ id: "c1", anchor: { start: "!!", end: "", before: "", after: "" }, quote: "", drawn: true }]);
    expect([words("alice"), drawn(peers.bob)]).toEqual([null, ""]);
  });

  it("hold exactly what was marked through random edits by both, online and off", async () => {
    const { number: random } = randomness();
    for (let round = 0; round < ROUNDS; round++) {
      write(
        peers.alice,
        `<p>${"lorem ipsum dolor ".repeat(4)}</p><p>[marked passage]</p><p>${"sit amet ".repeat(6)}</p>`,
      );
      comment("[marked passage]", `c${round}`);
      for (let step = 0; step < 20; step++) {
        if (random(5) === 0) peers.offline();
        if (random(3) === 0) peers.online();
        const peer = random(2) === 0 ? peers.alice : peers.bob;
        const { doc } = peer.editor.state;
        const at = 1 + random(doc.content.size - 1);
        const $at = doc.resolve(at);
        if (!$at.parent.isTextblock) continue;
        const inside = $at.parent.textContent.includes("[");
        peer.editor.commands.setTextSelection(at);
        if (inside && random(2) === 0) type(peer, "#");
        else if (!inside && random(3) === 0) peer.editor.commands.splitBlock();
        else if (!inside && $at.parentOffset > 0) peer.editor.commands.deleteRange({ from: at - 1, to: at });
      }
      peers.online();
      await settled();
      expect(peers.agree()).toBe(true);
      for (const name of ["alice", "bob"] as const) {
        const text = peers[name].editor.state.doc.textBetween(
          0,
          peers[name].editor.state.doc.content.size,
          "\n",
        );
        const whole = text.slice(text.indexOf("["), text.indexOf("]") + 1);
        expect(words(name, `c${round}`)).toBe(whole);
      }
    }
  }, 30_000);
});

function plugin(places: Places, peer: Peer) {
  const extension = places.extension();
  const { config } = extension as unknown as {
    config: { onBeforeCreate(this: unknown): void; addProseMirrorPlugins(): [ReturnType<never>] };
  };
  config.onBeforeCreate.call({ editor: peer.editor });
  return config.addProseMirrorPlugins()[0] as never;
}
