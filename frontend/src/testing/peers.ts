/** People editing one document without a network, for tests: two editors, two Yjs documents, piped. */
import type { Editor, Extensions } from "@tiptap/core";
import * as Y from "yjs";
import { Rescue } from "../collaboration/rescue";
import { createEditor } from "../editor/create";

export interface Peer {
  editor: Editor;
  document: Y.Doc;
}

export interface Peers {
  alice: Peer;
  bob: Peer;
  /** Hold back updates until `online` is called. */
  offline(): void;
  online(): void;
  /** While held back: what `from` wrote so far reaches the other. */
  deliver(from: Peer): void;
  agree(): boolean;
  destroy(): void;
}

export function makePeers(extensions: (name: "alice" | "bob") => Extensions = () => []): Peers {
  const documents = [new Y.Doc(), new Y.Doc()] as const;
  const rescues = new Map(documents.map((document) => [document, new Rescue(document, () => true)]));
  let connected = true;
  let held: { from: Y.Doc; deliver: () => void }[] = [];
  const deliverAll = (due: (one: { from: Y.Doc }) => boolean) => {
    const now = held.filter(due);
    held = held.filter((one) => !now.includes(one));
    for (const { deliver } of now) deliver();
  };
  for (const [from, to] of [
    [documents[0], documents[1]],
    [documents[1], documents[0]],
  ] as const) {
    from.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin === "pipe") return;
      const deliver = () =>
        rescues.get(to)?.receive({ update, isAnswer: false }, () => Y.applyUpdate(to, update, "pipe"));
      if (connected) deliver();
      else held.push({ from, deliver });
    });
  }
  const [alice, bob] = (["alice", "bob"] as const).map((name, index) => {
    const element = document.createElement("div");
    document.body.append(element);
    const shared = documents[index as 0 | 1];
    return {
      document: shared,
      editor: createEditor({ element, document: shared, extensions: extensions(name) }),
    };
  }) as [Peer, Peer];
  return {
    alice,
    bob,
    offline: () => {
      connected = false;
    },
    online: () => {
      connected = true;
      deliverAll(() => true);
    },
    deliver: ({ document }) => deliverAll(({ from }) => from === document),
    agree: () => JSON.stringify(alice.editor.getJSON()) === JSON.stringify(bob.editor.getJSON()),
    destroy: () => {
      alice.editor.destroy();
      bob.editor.destroy();
    },
  };
}

/** Write paragraphs and put the caret at the end of the first occurrence of `after`. */
export function write(peer: Peer, html: string, after?: string): void {
  peer.editor.commands.setContent(html);
  if (after !== undefined) placeCaret(peer, after);
}

export function placeCaret(peer: Peer, after: string): number {
  let position = -1;
  peer.editor.state.doc.descendants((node, pos) => {
    const found = node.isTextblock ? node.textContent.indexOf(after) : -1;
    if (position < 0 && found >= 0) position = pos + 1 + found + after.length;
  });
  if (position < 0) throw new Error(`There is no "${after}" in the text.`);
  peer.editor.commands.setTextSelection(position);
  return position;
}

/** Type as a keyboard does: through `handleTextInput`, so that input rules and plugins see it. */
export function type(peer: Peer, text: string): void {
  const { view } = peer.editor;
  for (const character of text) {
    const { from, to } = view.state.selection;
    const handled = view.someProp("handleTextInput", (handle) =>
      handle(view, from, to, character, () => view.state.tr),
    );
    if (!handled) view.dispatch(view.state.tr.insertText(character, from, to));
  }
}

/** Press a key, and say whether somebody took it. */
export function press(peer: Peer, key: string, modifiers: KeyboardEventInit = {}): boolean {
  const { view } = peer.editor;
  const event = new KeyboardEvent("keydown", { key, cancelable: true, bubbles: true, ...modifiers });
  return Boolean(view.someProp("handleKeyDown", (handle) => handle(view, event)));
}
