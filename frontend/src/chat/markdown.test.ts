import { describe, expect, it } from "vitest";
import { MarkdownStream } from "./markdown";

function shown(text: string, pieces: readonly string[] = [text]): HTMLElement {
  const root = document.createElement("div");
  const stream = new MarkdownStream(root);
  let written = "";
  for (const piece of pieces) {
    written += piece;
    stream.show(written, false);
  }
  stream.show(text, true);
  return root;
}

const TAGS = new Set(
  "BLOCKQUOTE P H3 H4 H5 H6 PRE CODE EM STRONG S SMALL A BR HR UL OL LI SPAN TABLE TR TD".split(" "),
);
const ATTRIBUTES = new Set(["href", "target", "rel", "start"]);

/** What can be wrong with an element that a model's text made; nothing, for harmless ones. */
function faults(root: HTMLElement): string[] {
  return [...root.querySelectorAll("*")].flatMap((element) => [
    ...(TAGS.has(element.tagName) ? [] : [`<${element.tagName}>`]),
    ...element
      .getAttributeNames()
      .filter((name) => !ATTRIBUTES.has(name))
      .map((name) => `${element.tagName} ${name}`),
    ...(element.hasAttribute("href") && !/^(https?:|mailto:)/i.test(element.getAttribute("href") ?? "")
      ? [`href ${element.getAttribute("href")}`]
      : []),
    ...(element.hasAttribute("href") && element.getAttribute("rel") !== "noopener noreferrer nofollow"
      ? ["rel"]
      : []),
  ]);
}

describe("Markdown of an answer", () => {
  it("becomes headings, lists, emphasis, code and links", () => {
    const root = shown(
      "# On *herons*\n\n- one\n- **two**\n\n```ts\na < b\n```\n\nSee [this](https://example.org/a).\n",
    );
    expect(root.querySelector("h3")?.textContent).toBe("On herons");
    expect([...root.querySelectorAll("li")].map((item) => item.textContent)).toEqual(["one", "two"]);
    expect(root.querySelector("pre")?.textContent).toContain("a < b");
    expect(root.querySelector("a")?.getAttribute("href")).toBe("https://example.org/a");
    expect(faults(root)).toEqual([]);
  });

  it.each([
    ["[press](javascript:alert(1))", "press"],
    ["[press](JaVaScRiPt:alert(1))", "press"],
    ["[press](data:text/html,<script>alert(1)</script>)", "press"],
    ["[press](vbscript:x)", "press"],
    ["[press](/documents/trash)", "press"],
    ["[press](//evil.example)", "press"],
    ['<script>alert(1)</script><img src=x onerror="alert(1)">', "alert(1)"],
    ['<a href="javascript:alert(1)">press</a>', "press"],
  ])("makes %s harmless and keeps its words", (text, words) => {
    const root = shown(text);
    expect(faults(root)).toEqual([]);
    expect(root.querySelector("[href]")).toBeNull();
    expect(root.textContent).toContain(words);
  });

  it("loads no pictures: they become links, with their address where they have no words", () => {
    const root = shown("![a heron](https://example.org/h.png) ![](https://example.org/i.png)");
    expect(root.querySelector("img")).toBeNull();
    expect([...root.querySelectorAll("a")].map((link) => link.textContent)).toEqual([
      "a heron (example.org)",
      "https://example.org/i.png",
    ]);
    expect(faults(root)).toEqual([]);
  });

  it("says where a link leads, whatever its words say", () => {
    const root = shown(
      "[www.bank.example](https://evil.example/a) https://example.org/b [me](mailto:a@example.org)",
    );
    expect(root.textContent).toBe("www.bank.example (evil.example) https://example.org/b me (a@example.org)");
  });

  it.each([
    `https://evil.example/p?d=${"the-old-bridge-closes-".repeat(4)}`,
    `https://evil.example/#${"a".repeat(80)}`,
    `https://evil.example/${"a".repeat(80)}/x.png`,
    `https://${"a".repeat(80)}@evil.example/`,
  ])("makes no link of an address that takes data along: %s", (address) => {
    for (const text of [`[press](${address})`, `![press](${address})`]) {
      const root = shown(text);
      expect(root.querySelector("[href], img")).toBeNull();
      expect(root.textContent).toBe("press (evil.example; not a link, because it takes data along)");
    }
    expect(shown(address).querySelector("[href]")).toBeNull();
  });

  it("starts over when a replay brought another text", () => {
    const root = document.createElement("div");
    const stream = new MarkdownStream(root);
    stream.show("**One**", false);
    stream.show("Two", true);
    expect(root.textContent).toBe("Two");
  });

  it("goes on after it was shown whole, as after a resumed answer", () => {
    const root = document.createElement("div");
    const stream = new MarkdownStream(root);
    stream.show("One", true);
    stream.show("One and *two*", true);
    expect(root.innerHTML).toBe("<p>One and <em>two</em></p>");
  });

  it("is harmless whatever it is, and the same however it was cut (random)", () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = generator(seed);
    const bits = [
      ..."# \n*_~`[]()!<>|-+1.:/\\\"'&$",
      "word",
      "\n\n",
      "```",
      "![](",
      "](javascript:alert(1))",
      "](https://example.org)",
      "<script>",
      "<img src=x onerror=alert(1)>",
      'href="javascript:1"',
      "https://example.org/?a=b",
      "javascript:alert(1)",
      "data:text/html,x",
      "- [x] ",
      "> ",
      "| a | b |\n|---|---|\n",
      "$$",
      "\\(",
      "🦩",
    ];
    for (let round = 0; round < 400; round++) {
      const text = Array.from({ length: 1 + random(40) }, () => bits[random(bits.length)] as string).join("");
      const pieces: string[] = [];
      for (let at = 0; at < text.length; ) {
        const size = 1 + random(8);
        pieces.push(text.slice(at, at + size));
        at += size;
      }
      const about = `seed ${seed}, text ${JSON.stringify(text)}`;
      const whole = shown(text);
      expect(faults(whole), about).toEqual([]);
      expect(shown(text, pieces).innerHTML, about).toBe(whole.innerHTML);
    }
  });
});

/** A small seeded generator (mulberry32), so that a failure can be played again. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) % 2 ** 32) % below;
  };
}
