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

describe("text from elsewhere", () => {
  let peers: Peers;
  beforeEach(() => {
    peers = makePeers();
  });
  afterEach(() => peers.destroy());
  const html = () => peers.bob.editor.getHTML();
  const paste = (content: string) => peers.alice.editor.view.pasteHTML(content);

  it("is marked when it is pasted, and what was assisted stays assisted", () => {
    write(peers.alice, "<p>Mine.</p>", "Mine.");
    paste('<p>From <strong>afar</strong>, <span data-origin="ai" data-gen="g1">written</span>.</p>');
    expect(html()).toMatch(/^<p>Mine\.<span data-origin="paste">From <\/span>/);
    expect(html()).toContain('<span data-origin="ai" data-gen="g1">written</span>');
    expect(peers.bob.editor.getText()).toBe("Mine.From afar, written.");
  });

  it("is not what was copied here", () => {
    write(peers.alice, "<p>Mine and mine.</p>");
    const { view } = peers.alice.editor;
    const { dom } = view.serializeForClipboard(view.state.doc.slice(1, 5));
    placeCaret(peers.alice, "mine.");
    paste(dom.innerHTML);
    expect(peers.bob.editor.getText()).toBe("Mine and mine.Mine");
    expect(html()).not.toContain("data-origin");
  });

  it("splits around what a person types inside it, and ends where they go on", () => {
    write(peers.alice, "<p></p>");
    paste("<p>From afar.</p>");
    type(peers.alice, " Mine.");
    placeCaret(peers.alice, "From");
    type(peers.alice, " very");
    expect(html()).toMatch(
      /<span data-origin="paste">From<\/span> very<span data-origin="paste"> afar\.<\/span> Mine\./,
    );
  });

  it("splits assisted text it is pasted into", () => {
    write(peers.alice, '<p><span data-origin="ai" data-gen="g1">one two</span></p>', "one");
    paste("and");
    expect(html()).toMatch(/one<\/span><span data-origin="paste">and<\/span><span[^>]*"ai"[^>]*> two/);
  });
});

describe("editing assisted text", () => {
  it("leaves the mark on what stays: deleting, splitting, replacing", () => {
    const peers = makePeers();
    write(peers.alice, '<p><span data-origin="ai" data-gen="g1">one two three four</span></p>');
    const { editor } = peers.alice;
    editor.commands.deleteRange({ from: 1, to: 5 });
    placeCaret(peers.alice, "two");
    editor.commands.splitBlock();
    type(peers.alice, "New");
    const at = placeCaret(peers.alice, "three");
    editor.commands.setTextSelection({
      from: (at ?? editor.state.selection.from) - 5,
      to: editor.state.selection.to,
    });
    type(peers.alice, "THREE");
    const html = peers.bob.editor.getHTML();
    expect(html).toMatch(
      /^<p><span[^>]*>two<\/span><\/p><p>New<span[^>]*> <\/span>THREE<span[^>]*> four<\/span><\/p>$/,
    );
    peers.destroy();
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
