import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makePeers, type Peer, type Peers, placeCaret, type, write } from "../testing/peers";
import { createAnchor, decodeAnchor, encodeAnchor, Resolver, resolveAnchor } from "./anchors";

describe("an anchor", () => {
  let peers: Peers;
  beforeEach(() => {
    peers = makePeers();
    write(peers.alice, "<p>The rain had stopped.</p><ul><li>one</li><li>two</li></ul><p>Last.</p>");
  });
  afterEach(() => peers.destroy());

  const anchorAt = (peer: Peer, pos: number) => {
    const anchor = createAnchor(peer.editor.state, pos);
    if (!anchor) throw new Error("no anchor");
    const decoded = decodeAnchor(JSON.parse(JSON.stringify(encodeAnchor(anchor))));
    if (!decoded) throw new Error("not decoded");
    return decoded;
  };
  const resolved = (peer: Peer, anchor: ReturnType<typeof anchorAt>) =>
    resolveAnchor(new Resolver(peer.editor.state), anchor);

  it("resolves to its place everywhere, at every place of the text", () => {
    const { doc } = peers.alice.editor.state;
    for (let pos = 1; pos < doc.content.size; pos++) {
      if (!doc.resolve(pos).parent.isTextblock) continue;
      expect(resolved(peers.bob, anchorAt(peers.alice, pos))).toEqual({ left: pos, right: pos });
    }
  });

  it("stays below 1 KiB on the wire", () => {
    placeCaret(peers.alice, "Last.");
    const wire = JSON.stringify(encodeAnchor(anchorAt(peers.alice, peers.alice.editor.state.selection.head)));
    expect(wire.length).toBeLessThan(1024);
  });

  it("holds what is written at it between its two sides", () => {
    const pos = placeCaret(peers.alice, "rain");
    const anchor = anchorAt(peers.alice, pos);
    placeCaret(peers.bob, "rain");
    type(peers.bob, "fall");
    expect(resolved(peers.alice, anchor)).toEqual({ left: pos, right: pos + 4 });
  });

  it("moves with what is written before it", () => {
    const pos = placeCaret(peers.alice, "two");
    const anchor = anchorAt(peers.alice, pos);
    placeCaret(peers.bob, "The");
    type(peers.bob, " cold");
    expect(resolved(peers.alice, anchor)).toEqual({ left: pos + 5, right: pos + 5 });
  });

  it("is lost with its block", () => {
    const anchor = anchorAt(peers.alice, placeCaret(peers.alice, "rain"));
    peers.bob.editor.commands.deleteRange({ from: 0, to: 25 });
    expect(resolved(peers.alice, anchor)).toBe("lost");
  });

  it("is lost when the words before it were changed", () => {
    const pos = placeCaret(peers.alice, "rain");
    const anchor = anchorAt(peers.alice, pos);
    peers.bob.editor.commands.deleteRange({ from: pos - 2, to: pos });
    expect(resolved(peers.alice, anchor)).toBe("lost");
  });

  it("is unknown until the words around it have arrived", () => {
    peers.offline();
    placeCaret(peers.alice, "Last.");
    type(peers.alice, " More");
    const anchor = anchorAt(peers.alice, peers.alice.editor.state.selection.head);
    expect(resolved(peers.bob, anchor)).toBe("unknown");
    peers.online();
    expect(resolved(peers.bob, anchor)).not.toBe("unknown");
  });

  it.each([
    null,
    7,
    "x",
    {},
    { left: "!", right: "!", before: "", after: "" },
    { left: "AA==", right: "AA==" },
  ])("does not take %j for one", (wire) => {
    expect(decodeAnchor(wire)).toBeNull();
  });
});
