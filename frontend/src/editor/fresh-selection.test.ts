import { afterEach, beforeEach, expect, it } from "vitest";
import { makePeers, type Peers, placeCaret, write } from "../testing/peers";
import { FreshSelection } from "./fresh-selection";

let peers: Peers;

beforeEach(() => {
  document.body.innerHTML = "";
  peers = makePeers(() => [FreshSelection]);
});
afterEach(() => peers.destroy());

it("gives a key a caret where the browser has none", () => {
  write(peers.alice, "<p>The heron waits.</p>");
  const { view } = peers.alice.editor;
  view.focus();
  placeCaret(peers.alice, "heron");
  document.getSelection()?.collapse(document.body, 0);
  expect(view.dom.contains(document.getSelection()?.anchorNode ?? null)).toBe(false);
  view.dom.dispatchEvent(new KeyboardEvent("keydown", { key: "x", bubbles: true, cancelable: true }));
  const selection = document.getSelection();
  expect(selection?.anchorNode?.textContent).toBe("The heron waits.");
  expect(selection?.anchorOffset).toBe("The heron".length);
});
