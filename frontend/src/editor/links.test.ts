import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makePeers, type Peers, write } from "../testing/peers";
import { completeLink, isSafeLink } from "./links";

describe("links", () => {
  let peers: Peers;
  beforeEach(() => {
    peers = makePeers();
  });
  afterEach(() => peers.destroy());

  it.each([
    ["example.org", "https://example.org/"],
    ["http://example.org/a?b", "http://example.org/a?b"],
    ["me@example.org", "mailto:me@example.org"],
    ["localhost:8000", null],
    ["javascript:alert(1)", null],
    ["java\nscript:alert(1)", null],
    ["data:text/html,x", null],
    ["two words", null],
    ["word", null],
    ["", null],
  ])("completes %j to %j", (typed, address) => {
    expect(completeLink(typed)).toBe(address);
  });

  it.each([
    "javascript:alert(1)",
    " javascript:alert(1)",
    "JaVaScRiPt:x",
    "vbscript:x",
    "file:///etc/passwd",
  ])("calls %j unsafe", (address) => {
    expect(isSafeLink(address)).toBe(false);
  });

  it("never draws an unsafe address, whoever put it into the shared text", () => {
    write(peers.alice, "<p>word</p>");
    const { state, view } = peers.alice.editor;
    const link = state.schema.marks.link?.create({ href: "javascript:alert(1)" });
    if (link) view.dispatch(state.tr.addMark(1, 5, link));
    expect(peers.bob.editor.view.dom.querySelector("a")?.getAttribute("href") ?? "").not.toContain(
      "javascript",
    );
  });
});
