import { afterEach, describe, expect, it } from "vitest";
import { makePeers, type Peer, type Peers, placeCaret, press, type, write } from "../testing/peers";

const SECOND = "Second paragraph.";
let peers: Peers;

afterEach(() => peers.destroy());

function removeSecond({ editor }: Peer, end: number): void {
  editor.commands.deleteRange({ from: end - SECOND.length - 1, to: end + 1 });
}

const ways: Record<string, [act: (alice: Peer) => void, text: string]> = {
  "joined with the one before": [
    (alice) => {
      alice.editor.commands.setTextSelection(placeCaret(alice, SECOND) - SECOND.length);
      alice.editor.commands.joinBackward();
    },
    "First.Second paraXYZgraph.|Third.",
  ],
  "made a heading": [
    (alice) => {
      placeCaret(alice, "Sec");
      alice.editor.commands.setNode("heading", { level: 2 });
    },
    "First.|Second paraXYZgraph.|Third.",
  ],
  "made a list": [
    (alice) => {
      placeCaret(alice, "Sec");
      alice.editor.commands.toggleBulletList();
    },
    "First.|||Second paraXYZgraph.|Third.",
  ],
  "made a quotation": [
    (alice) => {
      placeCaret(alice, "Sec");
      alice.editor.commands.toggleBlockquote();
    },
    "First.||Second paraXYZgraph.|Third.",
  ],
  moved: [
    ({ editor }) => {
      const end = placeCaret({ editor } as Peer, SECOND);
      const [from, to] = [end - SECOND.length - 1, end + 1];
      const { content } = editor.state.doc.slice(from, to);
      editor.view.dispatch(editor.state.tr.delete(from, to).insert(0, content));
    },
    "Second paraXYZgraph.|First.|Third.",
  ],
  deleted: [(alice) => removeSecond(alice, placeCaret(alice, SECOND)), "First.|XYZ|Third."],
};

describe("words that were on their way into a block", () => {
  for (const [how, [act, text]] of Object.entries(ways))
    for (const first of ["alice", "bob"] as const)
      it(`stand when it was ${how}, whoever is heard first: ${first}`, () => {
        peers = makePeers();
        const { alice, bob } = peers;
        write(alice, `<p>First.</p><p>${SECOND}</p><p>Third.</p>`);
        peers.offline();
        act(alice);
        placeCaret(bob, "Second para");
        type(bob, "XYZ");
        peers.deliver(peers[first]);
        peers.online();
        expect(bob.editor.getText({ blockSeparator: "|" })).toBe(text);
        expect(peers.agree()).toBe(true);
      });

  it("stand with everything else when all was deleted", () => {
    peers = makePeers();
    const { alice, bob } = peers;
    write(alice, `<ul><li><p>One.</p></li><li><p>Two.</p></li></ul>`);
    peers.offline();
    alice.editor.commands.selectAll();
    alice.editor.commands.deleteSelection();
    placeCaret(bob, "One.");
    type(bob, " And more.");
    press(bob, "Enter");
    type(bob, "A whole item.");
    peers.online();
    expect(alice.editor.getText()).toContain(" And more.");
    expect(alice.editor.getText()).toContain("A whole item.");
    expect(alice.editor.getText()).not.toContain("Two.");
    expect(peers.agree()).toBe(true);
  });

  it("keep how they were written", () => {
    peers = makePeers();
    const { alice, bob } = peers;
    write(alice, `<p>First.</p><p>${SECOND}</p>`);
    peers.offline();
    alice.editor.commands.setTextSelection(placeCaret(alice, SECOND));
    alice.editor.commands.setNode("heading", { level: 2 });
    placeCaret(bob, "Second para");
    bob.editor.commands.setMark("bold");
    type(bob, "X");
    bob.editor.commands.unsetMark("bold");
    type(bob, "y");
    peers.online();
    expect(alice.editor.getHTML()).toContain("Second para<strong>X</strong>ygraph.");
    expect(peers.agree()).toBe(true);
  });

  it("are not brought back by whoever sees another delete them", () => {
    peers = makePeers();
    const { alice, bob } = peers;
    write(alice, `<p>First.</p><p>${SECOND}</p>`);
    placeCaret(bob, "Second para");
    type(bob, "XYZ");
    peers.offline();
    const end = placeCaret(alice, "Second paraXYZgraph.");
    alice.editor.commands.deleteRange({ from: end - SECOND.length - 4, to: end + 1 });
    placeCaret(bob, "Second paraXYZ");
    type(bob, "!");
    peers.online();
    expect(bob.editor.getText({ blockSeparator: "|" })).toBe("First.|!");
    expect(peers.agree()).toBe(true);
  });
});
