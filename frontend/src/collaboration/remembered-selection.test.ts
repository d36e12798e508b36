import { afterEach, expect, it } from "vitest";
import { makePeers, type Peers, placeCaret, type, write } from "../testing/peers";

let peers: Peers;

afterEach(() => peers.destroy());

it("draws what others write after an undo, however much shorter the text has become", () => {
  peers = makePeers();
  const { alice, bob } = peers;
  write(bob, "<p>Short.</p><p>This paragraph is long, and it goes.</p>");
  const end = placeCaret(alice, "it goes.");
  alice.editor.view.dispatch(alice.editor.state.tr.insertText("Very ", 1));
  bob.editor.commands.deleteRange({ from: placeCaret(bob, "Short.") + 3, to: end + "Very ".length });
  alice.editor.commands.undo();
  expect(bob.editor.getText({ blockSeparator: "|" })).toMatch(/^Short\.\|.?$/);
  placeCaret(bob, "Short.");
  type(bob, " And new.");
  expect(alice.editor.getText()).toContain("Short. And new.");
  expect(peers.agree()).toBe(true);
});
