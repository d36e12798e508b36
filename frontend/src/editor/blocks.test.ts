import { describe, expect, it } from "vitest";
import { makePeers, write } from "../testing/peers";
import { BLOCKS, filterBlocks } from "./blocks";

describe("blocks", () => {
  it("are found by label and by other words, label first", () => {
    expect(filterBlocks(BLOCKS, "").length).toBe(BLOCKS.length);
    expect(filterBlocks(BLOCKS, "todo").map(({ id }) => id)).toEqual(["task-list"]);
    expect(filterBlocks(BLOCKS, "h2").map(({ id }) => id)).toEqual(["heading-2"]);
    expect(filterBlocks(BLOCKS, "li")[0]?.id).toBe("bullet-list");
    expect(filterBlocks(BLOCKS, "xyz")).toEqual([]);
  });

  it.each(BLOCKS)("$id can be made out of a paragraph", ({ run, isActive }) => {
    const peers = makePeers();
    write(peers.alice, "<p>words</p>", "words");
    const { editor } = peers.alice;
    const before = editor.getHTML();
    expect(run(editor.chain()).run()).toBe(true);
    if (isActive) expect(isActive(editor)).toBe(true);
    else expect(editor.getHTML()).not.toBe(before);
    expect(editor.getText()).toContain("words");
    expect(peers.agree()).toBe(true);
    peers.destroy();
  });
});
