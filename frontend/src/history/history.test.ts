import { Editor } from "@tiptap/core";
import { DOMSerializer } from "@tiptap/pm/model";
import { describe, expect, it } from "vitest";
import { schemaExtensions } from "../editor/schema";
import { difference, differenceSchema } from "./difference";
import { authorsOf, byDay, type Version } from "./versions";

const editor = new Editor({ extensions: schemaExtensions() });
const schema = differenceSchema(editor.schema);

function html(before: string, after: string): string {
  const read = (text: string) => {
    editor.commands.setContent(text);
    return schema.nodeFromJSON(editor.getJSON());
  };
  const holder = document.createElement("div");
  const marked = difference(read(before), read(after));
  holder.append(DOMSerializer.fromSchema(schema).serializeFragment(marked.content));
  return holder.innerHTML;
}

function version(number: number, created_at: string, authors: string[] = []): Version {
  return {
    number,
    created_at,
    kind: "automatic",
    name: "",
    authors: authors.map((name) => ({ id: name, name, color: "#9f3a38" })),
    made_by: null,
    restored_from: null,
  };
}

describe("what differs between two texts", () => {
  it("is nothing where they are the same", () => {
    expect(html("<p>It waits.</p>", "<p>It waits.</p>")).toBe("<p>It waits.</p>");
  });

  it("is said word by word in a paragraph, and keeps its marks", () => {
    expect(html("<p>It <b>waits</b> here.</p>", "<p>It <b>stands</b> here.</p>")).toBe(
      "<p>It <del><strong>waits</strong></del><ins><strong>stands</strong></ins> here.</p>",
    );
  });

  it("marks paragraphs that came and went", () => {
    expect(html("<p>One</p><p>Two</p>", "<p>Two</p><h2>Three</h2>")).toBe(
      "<p><del>One</del></p><p>Two</p><h2><ins>Three</ins></h2>",
    );
  });

  it("goes into lists and code", () => {
    expect(html("<ul><li><p>a</p></li></ul>", "<ul><li><p>a</p></li><li><p>b</p></li></ul>")).toContain(
      "<li><p><ins>b</ins></p></li>",
    );
    expect(html("<p><code>x</code></p>", "<p><code>y</code></p>")).toContain("<ins><code>y</code></ins>");
  });
});

describe("the list of versions", () => {
  it("is by day, the newest first", () => {
    const today = new Date(2026, 10, 28, 9);
    const at = (day: number, hour: number) => new Date(2026, 10, day, hour).toISOString();
    const days = byDay(
      [version(4, at(28, 8)), version(3, at(28, 1)), version(2, at(27, 23)), version(1, at(3, 2))],
      today,
    );
    expect(days.map(([day, versions]) => [day, versions.map(({ number }) => number)])).toEqual([
      ["Today", [4, 3]],
      ["Yesterday", [2]],
      [expect.stringContaining("3"), [1]],
    ]);
  });

  it("names whoever wrote, and counts many", () => {
    expect(authorsOf(version(1, "", []))).toBe("");
    expect(authorsOf(version(1, "", ["Alice"]))).toBe("Alice");
    expect(authorsOf(version(1, "", ["Alice", "Bob", "Mo"]))).toBe("Alice, Bob and Mo");
    expect(authorsOf(version(1, "", ["A", "B", "C", "D"]))).toBe("A, B, C and D");
    expect(authorsOf(version(1, "", ["A", "B", "C", "D", "E"]))).toBe("A, B, C and 2 others");
  });
});
