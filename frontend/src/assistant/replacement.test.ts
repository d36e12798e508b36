/** Property: whatever is put in the place of whatever words, the text around them is never touched. */
import { afterEach, describe, expect, it } from "vitest";
import { makePeers, type Peers, write } from "../testing/peers";
import { randomness, seed } from "../testing/randomness";
import { hasHalfCharacter, passageOf, positionsOf } from "./passage";
import { changesBetween, replaceWords } from "./replacement";

const ROUNDS = 150;
const PIECES = [
  "the",
  "heron",
  " ",
  ", ",
  "é",
  "🦩",
  "不",
  "同",
  "\n",
  "1.",
  "<b>",
  "“weir”",
  "a a",
  "",
  "  ",
  "naïve",
];

describe(`replacing words (seed ${seed})`, () => {
  const { number, pick } = randomness();
  const words = (most: number) => Array.from({ length: 1 + number(most) }, () => pick(PIECES)).join("");
  let peers: Peers | null = null;
  afterEach(() => peers?.destroy());

  it("changes what it says and nothing else", () => {
    for (let round = 0; round < ROUNDS; round++) {
      const before = words(20);
      const after = words(20);
      let result = "";
      let at = 0;
      for (const { start, end, words: fresh } of changesBetween(before, after)) {
        expect(start).toBeGreaterThanOrEqual(at);
        result += before.slice(at, start) + fresh;
        at = end;
      }
      expect(result + before.slice(at)).toBe(after);
    }
  });

  it("touches no text outside of its range, in any editor", () => {
    peers = makePeers();
    const { alice, bob } = peers;
    for (let round = 0; round < ROUNDS; round++) {
      const plain = () => words(12).replaceAll("\n", " ").replaceAll("<b>", "b");
      write(
        alice,
        `<p>${plain()}x <strong>${plain()}y</strong> ${plain()}<a href="https://e.org">z${plain()}</a></p><h2>w${plain()}</h2>`,
      );
      const { state, view } = alice.editor;
      const passage = passageOf(state.doc);
      const start = number(passage.text.length);
      const end = Math.min(passage.text.length, start + 1 + number(12));
      const place = positionsOf(passage, start, end);
      if (!place || hasHalfCharacter(passage.text.slice(start, end))) continue;
      const { tr } = state;
      view.dispatch(replaceWords(tr, { ...place, words: words(8), id: "g" }));
      const now = passageOf(alice.editor.state.doc).text;
      const tail = passage.text.slice(end);
      expect(now.startsWith(passage.text.slice(0, start)), `round ${round}`).toBe(true);
      expect(now.endsWith(tail), `round ${round}`).toBe(true);
      expect(passageOf(bob.editor.state.doc).text).toBe(now);
    }
  });
});
