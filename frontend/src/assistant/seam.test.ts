import { describe, expect, it } from "vitest";
import { seamAfter, shapeText } from "./seam";

describe("the seam after a proposal", () => {
  const seam = (text: string, following: string, before = "so. ") =>
    seamAfter(text, { before, after: following });

  it.each([
    ["a word", "It rained.", "Nobody"],
    ["a number", "It rained for", "3 days"],
    ["a capital with an accent", "Il pleut.", "Éric par"],
    ["what opens a word", "It rained.", "“Well”, "],
    ["a straight quotation that begins", "It rained.", '"Well," '],
    ["a bracket", "It rained", "(a lot)"],
  ])("is a blank before %s", (_what, text, following) => {
    expect(seam(text, following)).toBe(" ");
  });

  it.each([
    ["a blank", "It rained.", " Nobody "],
    ["the end of the block", "It rained.", "\n"],
    ["punctuation", "It rained", ", and s"],
    ["what closes", "It rained", ") again"],
    ["a straight quotation that ends", "It rained.", '" he sai'],
    ["a line break or a picture", "It rained.", "\ufffcNobody"],
    ["a word, where it ends with a blank", "It rained. ", "Nobody"],
    ["a word, where it ends with what opens one", "It rained (", "a lot)"],
    ["anything, where there is nothing", "", "Nobody"],
  ])("is nothing before %s", (_what, text, following) => {
    expect(seam(text, following)).toBe("");
  });

  it.each([
    ["Chinese", "下雨了。", "没有人说话"],
    ["Japanese", "雨が降った", "カナで書く"],
    ["Thai", "ฝนตก", "ไม่มีใคร"],
    ["Latin letters after Chinese", "下雨了。", "Nobody"],
    ["Chinese after Latin letters", "It rained.", "没有人说话"],
    ["a character of two code units", "It rained.", "𠮷野家へ"],
  ])("is nothing in %s", (_what, text, following) => {
    expect(seam(text, following)).toBe("");
  });

  it("is nothing inside a word", () => {
    expect(seam("n", "'t go", "I don")).toBe("");
  });
});

describe("the seam before a proposal", () => {
  it.each([
    ["is the model's blank", " It rained.", "so.", " It rained."],
    ["is no second blank", " It rained.", "so. ", "It rained."],
    ["is nothing at the start of a block", "\n\n It rained.", "", "It rained."],
  ])("%s", (_what, raw, before, shaped) => {
    expect(shapeText(raw, before)).toBe(shaped);
  });
});
