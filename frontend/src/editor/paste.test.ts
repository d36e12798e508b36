import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makePeers, type Peers, write } from "../testing/peers";
import { cleanHtml } from "./clean-html";
import { markdownNodes } from "./markdown";
import { looksLikeMarkdown } from "./paste";

describe("pasting", () => {
  let peers: Peers;
  beforeEach(() => {
    peers = makePeers();
    write(peers.alice, "<p></p>");
  });
  afterEach(() => peers.destroy());

  const pasted = (html: string) => {
    peers.alice.editor.commands.setContent(cleanHtml(html));
    return peers.alice.editor.getHTML();
  };
  const fromMarkdown = (markdown: string) => {
    const { editor } = peers.alice;
    editor.view.dispatch(
      editor.state.tr.replaceWith(0, editor.state.doc.content.size, markdownNodes(editor, markdown)),
    );
    return editor.getHTML();
  };

  it("makes lists of Word's list paragraphs", () => {
    const html = pasted(`<html xmlns:o="urn:schemas-microsoft-com:office:office"><body>
      <p class=MsoTitle>Report</p>
      <p class=MsoListParagraphCxSpFirst style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·<span>  </span></span>one</p>
      <p class=MsoListParagraphCxSpLast style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·</span>two</p>
      <p class=MsoNormal>after<o:p></o:p></p>
      <p class=MsoListParagraph style='mso-list:l1 level1 lfo2'><span style='mso-list:Ignore'>1.</span>first</p>
    </body></html>`);
    expect(html).toContain("<h1>Report</h1>");
    expect(html).toMatch(/<ul[^>]*><li><p>\s*one<\/p><\/li><li><p>two<\/p><\/li><\/ul><p>after<\/p><ol/);
  });

  it("reads the styles of Google Docs and drops its wrapper", () => {
    const html = pasted(
      `<b style="font-weight:normal" id="docs-internal-guid-1"><p><span style="font-weight:700">bold</span> <span style="font-weight:400">plain</span> <span style="font-style:italic">it</span></p></b>`,
    );
    expect(html).toBe("<p><strong>bold</strong> plain <em>it</em></p>");
  });

  it("loads no picture from elsewhere, and runs nothing", () => {
    const html = pasted(
      `<p onclick="x()">a<img src="https://tracker.example/x.gif"><img src="https://e.example/y.png" alt="A chart"></p><script>alert(1)</script>`,
    );
    expect(html).not.toMatch(/<img|script|onclick|tracker/);
    expect(html).toContain("A chart");
  });

  it("leaves out a picture that is too large for the document, and says so", () => {
    let told = 0;
    const large = `<p>a<img src="data:image/png;base64,${"A".repeat(300_000)}"></p>`;
    expect(cleanHtml(large, () => told++)).toBe("<p>a</p>");
    expect(told).toBe(1);
  });

  it.each([
    ["# Heading", true],
    ["- one\n- two", true],
    ["1. one\n2. two", true],
    ["see [this](https://example.org)", true],
    ["a **bold** word", true],
    ["| a | b |\n|---|---|\n| 1 | 2 |", true],
    ["Just a sentence, with 3 * 4 = 12.", false],
    ["- a single dash", false],
    ["#hashtag", false],
  ])("knows whether %j is Markdown", (text, expected) => {
    expect(looksLikeMarkdown(text)).toBe(expected);
  });

  it("reads Markdown into blocks, tables and tasks included", () => {
    const html = fromMarkdown(
      "# Title\n\nA **bold** [link](https://example.org).\n\n- [x] done\n- [ ] open\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```js\nlet x;\n```",
    );
    expect(html).toContain("<h1>Title</h1>");
    expect(html).toContain("<strong>bold</strong>");
    expect(html).toContain('data-type="taskList"');
    expect(html).toMatch(/<t[hd][^>]*>(<p>)?a/);
    expect(html).toContain("let x;");
  });

  it("lets nothing unsafe in by Markdown", () => {
    const html = fromMarkdown(
      '[x](javascript:alert(1)) ![pic](https://tracker.example/x.gif)\n\n<img src=x onerror="alert(1)">',
    );
    expect(html).not.toContain('href="javascript');
    expect(html).not.toMatch(/<img[^>]*src/);
    expect(peers.alice.editor.view.dom.querySelector("[onerror]")).toBeNull();
    expect(JSON.stringify(peers.alice.editor.getJSON())).not.toContain('"href":"javascript');
  });
});
