/** When underlines are drawn: at once, or when nobody types any more. */
import { Extension } from "@tiptap/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { REDRAW_APART_MS, REDRAW_BLOCKS, REDRAW_LATE_MS, REDRAW_PAUSE_MS } from "../editor/limits";
import { makePeers, type Peers, write } from "../testing/peers";
import type { Finding } from "./findings";
import { Redraws } from "./redraws";
import { underlinesOf, underlinesPlugin } from "./underlines";

const FRAME_MS = 20;
const SLIP: Finding = {
  ...{ start: 0, end: 3, original: "teh", replacements: ["the"] },
  ...{ kind: "spelling", category: "Spelling", reason: "", edit: null },
};

describe("underlines", () => {
  let peers: Peers;
  let redraws: Redraws;
  let isChecked: boolean;

  beforeEach(() => {
    vi.useFakeTimers();
    isChecked = false;
    const lookUp = (text: string) => (!isChecked ? null : text.startsWith("teh") ? [SLIP] : []);
    const drawn = Extension.create({
      name: "drawn",
      addProseMirrorPlugins: () => [underlinesPlugin(lookUp, () => {})],
    });
    peers = makePeers(() => [drawn]);
    redraws = new Redraws(() => peers.alice.editor, lookUp);
    write(peers.alice, "<p>teh weir</p><p>teh heron</p>");
    isChecked = true;
  });
  afterEach(() => {
    vi.useRealTimers();
    peers.destroy();
  });

  const count = () => underlinesOf(peers.alice.editor.state).length;

  it("are drawn with the next frame where nobody types", () => {
    redraws.oneInPause("teh weir");
    vi.advanceTimersByTime(FRAME_MS);
    expect(count()).toBe(1);
  });

  it("wait for a pause while somebody types", () => {
    redraws.typed();
    redraws.oneInPause("teh weir");
    vi.advanceTimersByTime(REDRAW_PAUSE_MS - 1);
    redraws.typed();
    redraws.oneInPause("teh heron");
    vi.advanceTimersByTime(REDRAW_PAUSE_MS - 1);
    expect(count()).toBe(0);
    vi.advanceTimersByTime(FRAME_MS);
    expect(count()).toBe(2);
  });

  it("wait no longer than so long", () => {
    redraws.typed();
    redraws.oneInPause("teh weir");
    for (let waited = 0; waited < REDRAW_LATE_MS; waited += REDRAW_PAUSE_MS / 2) {
      vi.advanceTimersByTime(REDRAW_PAUSE_MS / 2);
      redraws.typed();
    }
    vi.advanceTimersByTime(FRAME_MS);
    expect(count()).toBe(1);
  });

  it("come at once, with what was put off, where somebody waits for one", () => {
    redraws.typed();
    redraws.oneInPause("teh weir");
    redraws.one("teh heron");
    vi.advanceTimersByTime(FRAME_MS);
    expect(count()).toBe(2);
    vi.advanceTimersByTime(REDRAW_LATE_MS);
    expect(count()).toBe(2);
  });

  it("come one after the other at a distance while somebody types", () => {
    redraws.typed();
    redraws.one("teh weir");
    vi.advanceTimersByTime(FRAME_MS);
    expect(count()).toBe(1);
    redraws.one("teh heron");
    vi.advanceTimersByTime(REDRAW_APART_MS - 2 * FRAME_MS);
    expect(count()).toBe(1);
    vi.advanceTimersByTime(3 * FRAME_MS);
    expect(count()).toBe(2);
  });

  it("come with the next frame each where nobody types", () => {
    for (const [at, text] of ["teh weir", "teh heron"].entries()) {
      redraws.one(text);
      vi.advanceTimersByTime(FRAME_MS);
      expect(count()).toBe(at + 1);
    }
  });

  it("come some at a time while somebody types on, the nearest first", () => {
    const texts = Array.from({ length: REDRAW_BLOCKS + 6 }, (_, at) => `teh ${at}`);
    isChecked = false;
    write(peers.alice, texts.map((text) => `<p>${text}</p>`).join(""));
    isChecked = true;
    redraws.typed();
    for (const text of texts) redraws.oneInPause(text);
    for (let waited = 0; waited < REDRAW_LATE_MS; waited += FRAME_MS) {
      redraws.typed();
      vi.advanceTimersByTime(FRAME_MS);
    }
    vi.advanceTimersByTime(FRAME_MS);
    expect(underlinesOf(peers.alice.editor.state).map(({ block }) => block)).toEqual(
      texts.slice(0, REDRAW_BLOCKS),
    );
    redraws.typed();
    vi.advanceTimersByTime(REDRAW_APART_MS + FRAME_MS);
    expect(count()).toBe(texts.length);
  });
});
