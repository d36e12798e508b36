/** Inline completion: a few words after a pause in typing, off by a switch, never in other people's way. */
import { type Editor, Extension } from "@tiptap/core";
import { isChangeOrigin } from "@tiptap/extension-collaboration";
import type { ResolvedPos } from "@tiptap/pm/model";
import type { EditorState, Transaction } from "@tiptap/pm/state";
import type { Awareness } from "y-protocols/awareness";
import { cursorPosition } from "../collaboration/presence";
import {
  COMPLETION_AFTER_CHARACTERS,
  COMPLETION_BEFORE_CHARACTERS,
  COMPLETION_COMPANY_MS,
  COMPLETION_MIN_CHARACTERS,
  COMPLETION_PAUSE_MS,
} from "../editor/limits";
import { excerpt } from "./excerpt";
import { ghostKey } from "./ghost";
import type { Proposals } from "./proposals";

const SWITCH = "interline.completion";

export function completionIsOn(): boolean {
  return localStorage.getItem(SWITCH) !== "off";
}

export function switchCompletion(on: boolean): void {
  localStorage.setItem(SWITCH, on ? "on" : "off");
}

export function completionExtension(proposals: Proposals, awareness: Awareness): Extension {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let typedAt = -1;
  const lastMoves = new Map<number, number>();
  const onAwareness = ({ added, updated }: { added: number[]; updated: number[] }) => {
    for (const client of [...added, ...updated]) lastMoves.set(client, Date.now());
  };
  return Extension.create({
    name: "completion",
    onCreate() {
      awareness.on("change", onAwareness);
    },
    onDestroy() {
      clearTimeout(timer);
      awareness.off("change", onAwareness);
    },
    onTransaction({ editor, transaction }) {
      if (isChangeOrigin(transaction)) return;
      // Taking or dismissing a suggestion is no typing: another one right after it would be in the way.
      const aboutGhost = transaction.getMeta(ghostKey) !== undefined;
      if (!aboutGhost && !transaction.docChanged && editor.state.selection.head === typedAt) return;
      clearTimeout(timer);
      if (aboutGhost || !isTyping(transaction) || !completionIsOn()) return;
      typedAt = editor.state.selection.head;
      timer = setTimeout(() => {
        const crowded = () => somebodyElseIn(editor as Editor, awareness, lastMoves);
        complete(editor as Editor, proposals, crowded);
      }, COMPLETION_PAUSE_MS);
    },
  });
}

/** One's own insertion at the caret, and not a paste, an undo or something that came from elsewhere. */
function isTyping(transaction: Transaction): boolean {
  if (!transaction.docChanged || isChangeOrigin(transaction)) return false;
  if (transaction.getMeta("paste") || transaction.getMeta("uiEvent")) return false;
  const grown = transaction.doc.content.size - transaction.before.content.size;
  return transaction.selection.empty && grown > 0 && grown < COMPLETION_MIN_CHARACTERS;
}

function complete(editor: Editor, proposals: Proposals, crowded: () => boolean): void {
  if (editor.isDestroyed || !editor.isEditable || !editor.isFocused || editor.view.composing) return;
  if (
    !proposals.assistant.isReachable ||
    proposals.assistant.isConnecting ||
    proposals.assistant.availability.why("complete") ||
    proposals.ghosts.active() ||
    !isCompletable(editor.state) ||
    crowded()
  )
    return;
  const pos = editor.state.selection.head;
  const limits = { before: COMPLETION_BEFORE_CHARACTERS, after: COMPLETION_AFTER_CHARACTERS };
  proposals.ask("complete", pos, excerpt(editor.state.doc, pos, limits));
}

/** Prose, with something to go on from, at the end of a block or before a blank. */
export function isCompletable({ selection, doc }: EditorState): boolean {
  const { $head } = selection;
  if (!selection.empty || !$head.parent.isTextblock || $head.parent.type.spec.code) return false;
  if ($head.marks().some((mark) => mark.type.spec.code)) return false;
  const before = doc.textBetween($head.start(), $head.pos, null, " ");
  const after = doc.textBetween($head.pos, $head.end(), null, " ");
  return (
    before.trim().length >= COMPLETION_MIN_CHARACTERS && /^(\s|$)/.test(after) && !before.startsWith("/")
  );
}

/** Whether somebody else has their caret in this paragraph and moved it lately. */
function somebodyElseIn(
  editor: Editor,
  awareness: Awareness,
  lastMoves: ReadonlyMap<number, number>,
): boolean {
  const { $head } = editor.state.selection;
  for (const [client, state] of awareness.getStates()) {
    if (client === awareness.clientID) continue;
    const recent = Date.now() - (lastMoves.get(client) ?? 0) < COMPLETION_COMPANY_MS;
    const position = recent ? cursorPosition(editor, state) : null;
    if (position !== null && isWithin($head, position)) return true;
  }
  return false;
}

function isWithin($pos: ResolvedPos, position: number): boolean {
  return position >= $pos.start() && position <= $pos.end();
}
