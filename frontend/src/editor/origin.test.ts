import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makePeers, type Peers, placeCaret, type, write } from "../testing/peers";

describe("the provenance mark", () => {
  let peers: Peers;
  beforeEach(() => {
    peers = makePeers();
  });
  afterEach(() => peers.destroy());
  const assisted = '<p>Mine. <span data-origin="ai" data-gen="g1">Written by the assistant.</span></p>';

  it("reaches everybody in the document", () => {
    write(peers.alice, assisted);
    expect(peers.bob.editor.getHTML()).toContain('data-gen="g1"');
    expect(peers.agree()).toBe(true);
  });

  it("splits around what a person types inside it", () => {
    write(peers.alice, assisted, "by");
    type(peers.alice, " hand, not by");
    const html = peers.bob.editor.getHTML();
    expect(html).toMatch(/Written by<\/span> hand, not by<span[^>]*> the assistant\.<\/span>/);
  });

  it("does not grow with what is typed behind it", () => {
    write(peers.alice, assisted, "assistant.");
    type(peers.alice, " More.");
    expect(peers.alice.editor.getHTML()).toContain("assistant.</span> More.</p>");
  });

  it("keeps other marks of the words typed inside it", () => {
    write(
      peers.alice,
      '<p><strong><span data-origin="ai" data-gen="g1">bold words</span></strong></p>',
      "bold",
    );
    type(peers.alice, "er");
    expect(peers.alice.editor.getHTML()).toMatch(/<strong>.*er.*<\/strong>/);
    expect(peers.alice.editor.getHTML()).not.toContain("bolder</span>");
  });

  it("lets a Markdown shortcut work inside assisted text", () => {
    write(peers.alice, '<p><span data-origin="ai" data-gen="g1">one two</span></p>', "one ");
    type(peers.alice, "**three**");
    expect(peers.alice.editor.getHTML()).toContain("<strong>three</strong>");
  });

  it("survives undo by somebody else", () => {
    write(peers.alice, assisted, "Mine.");
    placeCaret(peers.bob, "Mine.");
    type(peers.bob, " And his.");
    peers.bob.editor.commands.undo();
    expect(peers.alice.editor.getHTML()).toContain('data-gen="g1"');
    expect(peers.alice.editor.getText()).toBe("Mine. Written by the assistant.");
  });

  it("travels with copied text", () => {
    write(peers.alice, assisted);
    const { view } = peers.alice.editor;
    const slice = view.state.doc.slice(3, 20);
    const { dom } = view.serializeForClipboard(slice);
    expect(dom.innerHTML).toContain('data-gen="g1"');
  });
});

describe("undo", () => {
  it("takes back one's own edits only", () => {
    const peers = makePeers();
    write(peers.alice, "<p>Base.</p>", "Base.");
    peers.alice.editor.commands.setTextSelection(6);
    type(peers.alice, " Alice");
    placeCaret(peers.bob, "Base.");
    type(peers.bob, " Bob");
    peers.bob.editor.commands.undo();
    expect(peers.alice.editor.getText()).toBe("Base. Alice");
    expect(peers.agree()).toBe(true);
    peers.destroy();
  });
});
