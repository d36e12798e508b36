import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makePeers, type Peers, press, write } from "../testing/peers";
import { MoveBlock } from "./move-block";

describe("moving a block with the keyboard", () => {
  let peers: Peers;
  beforeEach(() => {
    peers = makePeers(() => [MoveBlock]);
  });
  afterEach(() => peers.destroy());
  const move = (key: string) => press(peers.alice, key, { altKey: true, shiftKey: true });

  it("swaps it with its neighbour and keeps the caret in it", () => {
    write(peers.alice, "<p>one</p><h2>two</h2><p>three</p>", "tw");
    expect(move("ArrowUp")).toBe(true);
    expect(peers.bob.editor.getHTML()).toBe("<h2>two</h2><p>one</p><p>three</p>");
    const { $head } = peers.alice.editor.state.selection;
    expect([$head.parent.textContent, $head.parentOffset]).toEqual(["two", 2]);
    expect(move("ArrowDown")).toBe(true);
    expect(move("ArrowDown")).toBe(true);
    expect(peers.bob.editor.getText({ blockSeparator: " " })).toBe("one three two");
  });

  it("moves an item inside its list", () => {
    write(peers.alice, "<ul><li>one</li><li>two</li></ul><p>after</p>", "two");
    expect(move("ArrowUp")).toBe(true);
    expect(peers.alice.editor.getText({ blockSeparator: " " }).trim().split(/\s+/)).toEqual([
      "two",
      "one",
      "after",
    ]);
  });

  it("does nothing at the ends", () => {
    write(peers.alice, "<p>one</p><p>two</p>", "one");
    expect(move("ArrowUp")).toBe(false);
  });
});
