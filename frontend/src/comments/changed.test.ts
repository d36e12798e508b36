/** What an edit left anew, by blocks. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makePeers, type Peers, placeCaret, type, write } from "../testing/peers";
import { type Change, changeOf } from "./changed";

describe("what an edit changed", () => {
  let peers: Peers;
  beforeEach(() => {
    peers = makePeers();
  });
  afterEach(() => peers.destroy());

  /** The words that were and are in the changed part, for Bob, who hears of what Alice does. */
  function changed(edit: () => void): [string, string] | null {
    const before = peers.bob.editor.state.doc;
    edit();
    const { doc } = peers.bob.editor.state;
    const change = changeOf(before, doc) as Change | null;
    return (
      change && [
        before.textBetween(change.from, change.was, "|"),
        doc.textBetween(change.from, change.to, "|"),
      ]
    );
  }

  it("is the paragraph that was written in", () => {
    write(peers.alice, "<p>one</p><p>two</p><p>three</p>", "two");
    expect(changed(() => type(peers.alice, "x"))).toEqual(["two", "twox"]);
  });

  it("is the item of a list, not the list", () => {
    write(peers.alice, "<ul><li><p>one</p></li><li><p>two</p></li></ul><p>three</p>", "two");
    expect(changed(() => type(peers.alice, "x"))).toEqual(["two", "twox"]);
  });

  it("is both parts of a paragraph that is split", () => {
    write(peers.alice, "<p>one</p><p>two</p><p>three</p>");
    placeCaret(peers.alice, "tw");
    expect(changed(() => peers.alice.editor.commands.splitBlock())).toEqual(["two", "tw|o"]);
  });

  it("has its twins beside it", () => {
    write(peers.alice, "<p>one</p><p>two</p><p>two</p><p>three</p>");
    const place = placeCaret(peers.alice, "two");
    expect(changed(() => peers.alice.editor.commands.insertContentAt(place + 1, "<p>two</p>"))).toEqual([
      "two|two",
      "two|two|two",
    ]);
  });

  it("is nothing where everything reads the same", () => {
    write(peers.alice, "<p>one</p>");
    expect(changed(() => peers.alice.editor.commands.setContent("<p>one</p>"))).toBeNull();
  });
});
