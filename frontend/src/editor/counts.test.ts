import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makePeers, type Peers, write } from "../testing/peers";
import { assistedPercent, countDocument, countsSentence, countWords, showCounts } from "./counts";
import { COUNT_DELAY_MS } from "./limits";

describe("counting", () => {
  let peers: Peers;
  beforeEach(() => {
    peers = makePeers();
  });
  afterEach(() => peers.destroy());

  it.each([
    ["", 0],
    ["One two, three – four.", 4],
    ["It's well-known", 2],
    ["3 of 4", 3],
    ["Привет, мир", 2],
    ["今日は天気がいい", 5],
  ])("counts the words of %j", (text, words) => {
    expect(countWords(text)).toBe(words);
  });

  it("counts words across blocks and the share of assisted text", () => {
    write(
      peers.alice,
      '<h1>One two</h1><ul><li>three</li></ul><p>four <span data-origin="ai" data-gen="g">five</span> <span data-origin="paste">six</span></p>',
    );
    const counts = countDocument(peers.alice.editor.state.doc);
    expect(counts).toEqual({ words: 6, characters: 25, assisted: 4, pasted: 3 });
    expect(assistedPercent(counts)).toBe(16);
  });

  it("never shows 0 % for a little", () => {
    expect(assistedPercent({ words: 0, characters: 100_000, assisted: 1, pasted: 0 })).toBe(1);
    expect(assistedPercent({ words: 0, characters: 0, assisted: 0, pasted: 0 })).toBe(0);
  });

  it("says words and minutes of the document or the selection", () => {
    expect(countsSentence(0, false)).toBe("0 words · 0 min");
    expect(countsSentence(1, true)).toBe("1 word selected · 1 min");
    expect(countsSentence(2380, false)).toMatch(/^2.?380 words · 10 min$/);
  });
});

describe("the bottom line's counts", () => {
  let peers: Peers;
  const view = {
    counts: document.createElement("span"),
    assisted: document.createElement("button"),
    percent: document.createElement("span"),
  };
  beforeEach(() => {
    vi.useFakeTimers();
    peers = makePeers();
    showCounts(peers.alice.editor, view);
    write(peers.alice, "<p>one two three</p>");
    vi.advanceTimersByTime(COUNT_DELAY_MS);
  });
  afterEach(() => {
    peers.destroy();
    vi.useRealTimers();
  });

  it("say no more of a selection once it has ended", () => {
    const { commands } = peers.alice.editor;
    commands.setTextSelection({ from: 1, to: 8 });
    vi.advanceTimersByTime(COUNT_DELAY_MS);
    expect(view.counts.textContent).toBe("2 words selected · 1 min");
    commands.insertContent("four");
    expect(view.counts.textContent).toBe("2 words · 1 min");
  });

  it("follow the text while somebody writes without a pause", () => {
    for (let waited = 0; waited <= COUNT_DELAY_MS; waited += COUNT_DELAY_MS / 2) {
      peers.bob.editor.commands.insertContentAt(1, "more ");
      vi.advanceTimersByTime(COUNT_DELAY_MS / 2);
    }
    expect(view.counts.textContent).not.toBe("3 words · 1 min");
  });
});
