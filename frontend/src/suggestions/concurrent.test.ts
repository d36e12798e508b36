/** Property: accepting suggestions touches their own words only, whatever others write at the same time. */
import type { Node } from "@tiptap/pm/model";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Assistant } from "../assistant/assistant";
import { FakeSocket, makeConfig } from "../testing/fake-socket";
import { makePeers, type Peer, type Peers, write } from "../testing/peers";
import { randomness, seed } from "../testing/randomness";
import { Suggestions } from "./suggestions";

const ALICE = { id: "u1", name: "Alice", color: "#9f3a38" };
const ROUNDS = 40;
const WORDS = ["heron", "weir", "naïve", "不同", "🦩", "a", "the river", "due to the fact", "“so”"];

describe(`suggestions in a text that another person writes in (seed ${seed})`, () => {
  const { number, pick } = randomness();
  let peers: Peers;
  let suggestions: Suggestions;
  let typed = 0;

  beforeEach(async () => {
    vi.stubGlobal("WebSocket", FakeSocket);
    vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ items: [] })));
    FakeSocket.of.clear();
    document.body.innerHTML = '<div id="toasts"></div><div id="announcements"></div>';
    suggestions = new Suggestions(new Assistant(makeConfig(ALICE)), {
      changed: () => {},
      chosen: () => {},
    });
    peers = makePeers((name) => (name === "alice" ? suggestions.extensions() : []));
    suggestions.attach(peers.alice.editor);
    await vi.waitFor(() => expect(socket()?.isGreeted).toBe(true));
  });
  afterEach(() => {
    peers.destroy();
    vi.unstubAllGlobals();
  });

  const socket = () => FakeSocket.of.get("u1") as FakeSocket;
  const sentence = () => Array.from({ length: 6 + number(10) }, () => pick(WORDS)).join(" ");
  const textOf = (doc: Node, from = 0, to = doc.content.size) => doc.textBetween(from, to, "\n", "\n");

  /** The model finds something in some of the words of what was asked. */
  function findings(aspect: string): void {
    suggestions.ask([aspect]);
    const request = socket().sentOf("generate").at(-1) as { id: string; anchor: unknown; input: object };
    const { selection } = request.input as { selection: string };
    const say = (message: Record<string, unknown>) => socket().say({ id: request.id, ...message });
    say({
      type: "started",
      seq: 1,
      action: "suggest",
      user: ALICE,
      anchor: request.anchor,
      model: "m",
      demo: true,
    });
    let seq = 1;
    for (const { index, 0: original } of selection.matchAll(/\p{L}+(?: \p{L}+)?/gu)) {
      if (number(3) > 0) continue;
      say({
        type: "edit",
        seq: ++seq,
        edit_id: `e${seq}`,
        start: index,
        end: index + original.length,
        original,
        replacement: pick(["", sentence(), original.toUpperCase()]),
        category: aspect,
        explanation: "",
      });
    }
    say({ type: "done", seq: ++seq, finish_reason: "stop" });
  }

  function edit({ editor }: Peer): void {
    const blocks: { from: number; size: number }[] = [];
    editor.state.doc.descendants((node, pos) => {
      if (node.isTextblock) blocks.push({ from: pos + 1, size: node.content.size });
    });
    const block = pick(blocks);
    const at = block.from + number(block.size + 1);
    const to = Math.min(block.from + block.size, at + number(8));
    if ([at, to].some((pos) => isInCharacter(textOf(editor.state.doc, block.from, pos)))) return;
    const { tr } = editor.state;
    const kind = number(6);
    if (kind < 3) tr.insertText(`[${typed++}]`, at);
    else if (kind === 3 && to > at) tr.delete(at, to);
    else if (kind === 4 && to > at)
      tr.addMark(at, to, editor.schema.marks.bold?.create() ?? never("no bold in the schema"));
    else if (kind === 5) tr.split(at);
    if (tr.docChanged) editor.view.dispatch(tr);
  }

  const typedIn = (peer: Peer) => textOf(peer.editor.state.doc).match(/\[\d+\]/g) ?? [];

  it("loses nothing of what either wrote, and changes nothing around", () => {
    let accepted = 0;
    for (let round = 0; round < ROUNDS; round++) {
      write(peers.alice, `<p>${sentence()}</p><h2>${sentence()}</h2><ul><li><p>${sentence()}</p></li></ul>`);
      findings("concision");
      if (number(2)) findings("tone");
      for (let step = 0; step < 12; step++) {
        if (number(4) === 0) peers.offline();
        for (let count = number(4); count > 0; count--) edit(peers.bob);
        const open = suggestions.list().filter(({ verdict }) => verdict === "open");
        if (open.length > 0) {
          const { id, place, original, replacement } = pick(open);
          const { doc } = peers.alice.editor.state;
          const { from, to } = place ?? never("an open suggestion without a place");
          expect(textOf(doc, from, to), `round ${round}`).toBe(original);
          expect(suggestions.accept(id)).toBe(true);
          accepted++;
          const now = peers.alice.editor.state.doc;
          expect(textOf(now), `round ${round}`).toBe(
            textOf(doc, 0, from) + replacement + textOf(doc, to, doc.content.size),
          );
        }
        const written = typedIn(peers.bob);
        if (number(2)) peers.online();
        if (number(2)) continue;
        peers.online();
        expect(peers.agree(), `round ${round}`).toBe(true);
        expect(typedIn(peers.alice), `round ${round}`).toEqual(expect.arrayContaining(written));
      }
      peers.online();
      const written = typedIn(peers.bob);
      suggestions.acceptAll("concision");
      expect(typedIn(peers.alice), `round ${round}`).toEqual(expect.arrayContaining(written));
      expect(peers.agree(), `round ${round}`).toBe(true);
    }
    expect(accepted).toBeGreaterThan(ROUNDS);
  });
});

/** No keyboard puts a caret between the halves of a surrogate pair. */
function isInCharacter(before: string): boolean {
  return /[\ud800-\udbff]$/.test(before);
}

function never(what: string): never {
  throw new Error(what);
}
