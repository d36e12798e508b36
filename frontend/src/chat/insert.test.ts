import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makePeers, type Peers, placeCaret, type, write } from "../testing/peers";
import { insertAnswer } from "./insert";

describe("an answer put into the text", () => {
  let peers: Peers;
  const html = () => peers.bob.editor.getHTML();
  const plain = () => html().replace(/ rel="[^"]*"| target="[^"]*"/g, "");
  beforeEach(() => {
    peers = makePeers();
  });
  afterEach(() => peers.destroy());
  const insert = (markdown: string) => insertAnswer(peers.alice.editor, markdown, "g1");

  it("joins the line where it is one paragraph, marked with its generation", () => {
    write(peers.alice, "<p>The heron waits.</p>", "waits.");
    insert("It **never** hurries.");
    expect(peers.bob.editor.getText()).toBe("The heron waits. It never hurries.");
    expect(html()).toMatch(
      /<strong><span data-origin="ai" data-gen="g1">never<\/span><\/strong>|<span data-origin="ai" data-gen="g1"><strong>never/,
    );
    expect(peers.agree()).toBe(true);
  });

  it("becomes headings, lists and links in blocks of their own, and tears no sentence", () => {
    write(peers.alice, "<p>One two.</p><p>After.</p>", "One");
    insert("## Birds\n\n- heron\n- [otter](https://example.org/)");
    const text = plain();
    expect(text.indexOf("One two.")).toBeLessThan(text.indexOf("<h2>"));
    expect(text.indexOf("</ul>")).toBeLessThan(text.indexOf("After."));
    expect(text).toContain('href="https://example.org/"');
    expect(text.match(/<li>/g)).toHaveLength(2);
  });

  it("takes an empty paragraph's place", () => {
    write(peers.alice, "<p></p>");
    insert("# Title\n\nText.");
    expect(plain()).toMatch(/^<h1><span[^>]*>Title<\/span><\/h1><p><span[^>]*>Text\.<\/span><\/p>$/);
  });

  it("keeps what is selected", () => {
    write(peers.alice, "<p>Keep me.</p>");
    peers.alice.editor.commands.selectAll();
    insert("Added.");
    expect(peers.alice.editor.getText()).toBe("Keep me. Added.");
  });

  it("carries no script, no picture from elsewhere, and no HTML", () => {
    write(peers.alice, "<p>Text.</p>", "Text.");
    insert('[press](javascript:alert(1)) ![h](https://example.org/h.png) <img src=x onerror="alert(1)">');
    expect(html()).not.toMatch(/href="javascript|<img|onerror="/);
    expect(peers.alice.editor.getText()).toContain("press");
  });

  it("is one undo step of its own", () => {
    write(peers.alice, "<p>Mine.</p>", "Mine.");
    type(peers.alice, " Typed.");
    placeCaret(peers.alice, "Typed.");
    insert("One.\n\n- two");
    peers.alice.editor.commands.undo();
    expect(peers.alice.editor.getText()).toBe("Mine. Typed.");
  });

  it("does nothing where there is nothing", () => {
    write(peers.alice, "<p>Mine.</p>");
    expect(insert("  \n ")).toBe(false);
  });
});
