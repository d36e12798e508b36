import { describe, expect, it } from "vitest";
import { categoryLabel, type Finding, kindOf, mergeFindings, spokenFinding } from "./findings";
import { isEnglish, isEnglishBlock } from "./language";

const finding = (start: number, end: number, more: Partial<Finding> = {}): Finding => ({
  start,
  end,
  original: "x",
  replacements: ["y"],
  kind: "grammar",
  category: "Grammar",
  reason: "",
  edit: null,
  ...more,
});

describe("findings of two lanes", () => {
  it("are one list in order, and the assistant's stands where they overlap", () => {
    const deep = finding(4, 9, { reason: "deep" });
    const merged = mergeFindings([deep], [finding(8, 12), finding(0, 3), finding(9, 11)]);
    expect(merged.map(({ start }) => start)).toEqual([0, 4, 9]);
    expect(merged[1]).toBe(deep);
  });

  it("name their category in words", () => {
    expect(categoryLabel("confused_word")).toBe("Confused word");
    expect(categoryLabel("WordChoice")).toBe("Word choice");
    expect(kindOf("Typo")).toBe("spelling");
    expect(kindOf("no such kind")).toBe("grammar");
  });

  it("are told in a sentence", () => {
    const told = spokenFinding(finding(0, 3, { original: "teh", replacements: ["the"], reason: "A typo." }));
    expect(told).toBe("Grammar: “teh”. A typo. Replace it by “the”?");
  });
});

describe("the language of a text", () => {
  it.each([
    ["The heron waits by the weir, and it is in no hurry to leave.", true],
    ["Der Reiher wartet am Wehr, und er hat es nicht eilig zu gehen.", false],
    ["Le héron attend près du barrage, et il est patient depuis longtemps.", false],
    ["", false],
  ])("is told by its small words: %s", (text, english) => {
    expect(isEnglish(text)).toBe(english);
  });

  it("of a few words is the document's", () => {
    expect(isEnglishBlock("Chapter one", true)).toBe(true);
    expect(isEnglishBlock("Kapitel eins", false)).toBe(false);
    expect(isEnglishBlock("Der Reiher wartet am Wehr, und er hat es nicht eilig.", true)).toBe(false);
  });
});
