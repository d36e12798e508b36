import { afterEach, expect, it } from "vitest";
import { makePeers, type Peer, type Peers, press, type, write } from "../testing/peers";

let peers: Peers;

afterEach(() => peers.destroy());

/** The caret of both in the last block, and nobody hears the other. */
function beginApart(): void {
  for (const { editor } of [peers.alice, peers.bob])
    editor.commands.setTextSelection(editor.state.doc.content.size - 1);
  peers.offline();
}

function expectOnce(peer: Peer, letters: string): void {
  const text = peer.editor.getText();
  for (const letter of letters) expect(text.split(letter), `${letter} in ${text}`).toHaveLength(2);
  expect(peers.agree()).toBe(true);
}

for (const [how, html] of [
  ["an empty paragraph", "<p>.</p><p></p>"],
  ["an empty heading", "<p>.</p><h2></h2>"],
  ["an empty list item", "<ul><li><p>.</p></li><li><p></p></li></ul>"],
  ["an empty code block", "<p>.</p><pre><code></code></pre>"],
] as const)
  it(`keeps every letter once of two who begin in ${how} at the same moment`, () => {
    peers = makePeers();
    const { alice, bob } = peers;
    write(alice, html);
    beginApart();
    type(alice, "a");
    type(bob, "1");
    peers.deliver(bob);
    type(bob, "23");
    type(alice, "bc");
    peers.online();
    expectOnce(alice, "abc123");
  });

it("keeps every letter once where the paragraph was made with the Enter key, and undone and made again", () => {
  peers = makePeers();
  const { alice, bob } = peers;
  write(alice, "<p>.</p>", ".");
  press(alice, "Enter");
  alice.editor.commands.undo();
  alice.editor.commands.redo();
  beginApart();
  type(alice, "a");
  type(bob, "1");
  peers.deliver(alice);
  type(alice, "bc");
  type(bob, "23");
  peers.online();
  expectOnce(bob, "abc123");
});

it("keeps every letter once of two who begin a new document at the same moment", () => {
  peers = makePeers();
  const { alice, bob } = peers;
  beginApart();
  type(alice, "a");
  type(bob, "1");
  peers.deliver(bob);
  type(bob, "23");
  type(alice, "bc");
  peers.online();
  expectOnce(alice, "abc123");
});

it("takes an empty paragraph away again with one undo", () => {
  peers = makePeers();
  const { alice, bob } = peers;
  write(alice, "<p>One.</p>", "One.");
  press(alice, "Enter");
  expect(bob.editor.getHTML()).toContain("<p></p>");
  alice.editor.commands.undo();
  expect(bob.editor.getText()).not.toContain("\n");
  expect(peers.agree()).toBe(true);
});
