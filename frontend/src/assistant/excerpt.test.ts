import { getSchema } from "@tiptap/core";
import { DOMParser } from "@tiptap/pm/model";
import { describe, expect, it } from "vitest";
import { schemaExtensions } from "../editor/schema";
import { excerpt } from "./excerpt";

const schema = getSchema(schemaExtensions());

function docOf(html: string) {
  const element = document.createElement("div");
  element.innerHTML = html;
  return DOMParser.fromSchema(schema).parse(element);
}

function around(html: string, marker: string, limits = { before: 1000, after: 1000 }) {
  const doc = docOf(html);
  let pos = -1;
  doc.descendants((node, at) => {
    const found = node.isText ? (node.text?.indexOf(marker) ?? -1) : -1;
    if (found >= 0) pos = at + found;
  });
  return excerpt(doc, pos, limits);
}

describe("the text around a place", () => {
  it("keeps paragraphs apart", () => {
    expect(around("<h1>Title</h1><p>One.</p><p>Two |three.</p><p>Four.</p>", "|")).toEqual({
      text_before: "Title\n\nOne.\n\nTwo ",
      text_after: "|three.\n\nFour.",
    });
  });

  it("says that what follows is another paragraph", () => {
    const doc = docOf("<p>One.</p><p>Two.</p>");
    expect(excerpt(doc, 5, { before: 100, after: 100 })).toEqual({
      text_before: "One.",
      text_after: "\n\nTwo.",
    });
  });

  it("keeps to its limits and begins with a whole word", () => {
    const { text_before, text_after } = around(`<p>${"word ".repeat(100)}|${" more".repeat(100)}</p>`, "|", {
      before: 23,
      after: 10,
    });
    expect(text_before).toBe("word word word word ");
    expect(text_after).toHaveLength(10);
  });

  it("never cuts a character in half", () => {
    for (const limit of [4, 5, 6, 7]) {
      const cut = around(`<p>${"😀".repeat(20)}|${"😀".repeat(20)}</p>`, "|", {
        before: limit,
        after: limit,
      });
      expect(() => encodeURIComponent(cut.text_before + cut.text_after)).not.toThrow();
    }
  });

  it("takes line breaks for line breaks", () => {
    expect(around("<p>One<br>two |</p>", "|").text_before).toBe("One\ntwo ");
  });
});
