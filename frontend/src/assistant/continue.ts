/** Continue: Ctrl/⌘ + Enter, or `/continue`. The assistant's text streams in at the caret as a ghost. */
import { type Editor, Extension } from "@tiptap/core";
import { type Anchor, createAnchor, Resolver, resolveAnchor } from "../collaboration/anchors";
import { announce, notify } from "../editor/announce";
import { CONTINUE_AFTER_CHARACTERS, CONTINUE_BEFORE_CHARACTERS } from "../editor/limits";
import { excerpt } from "./excerpt";
import type { Ghost } from "./ghost-element";
import type { Proposals } from "./proposals";

export function continueExtension(proposals: Proposals): Extension {
  return Extension.create({
    name: "continue",
    priority: 900,
    addKeyboardShortcuts() {
      return { "Mod-Enter": ({ editor }) => continueText(editor as Editor, proposals) };
    },
  });
}

/** Ask for a continuation at the end of the selection. Return whether the key is used. */
export function continueText(editor: Editor, proposals: Proposals): boolean {
  if (!editor.isEditable) {
    notify("Your role here does not let you ask the assistant.");
    return true;
  }
  const open = proposals.ghosts.own();
  if (open) {
    goToOpen(editor, proposals, open);
    return true;
  }
  const why = proposals.assistant.availability.why("continue");
  if (why) {
    notify(why);
    return true;
  }
  if (!proposals.assistant.isReachable) {
    notify("The assistant cannot be reached. Your text is untouched. Try again when the connection is back.");
    return true;
  }
  const own = proposals.ghosts.active();
  if (own?.mine) proposals.ghosts.dismiss(own.id);
  const { $to } = editor.state.selection;
  if (!$to.parent.isTextblock) return true;
  if (!editor.state.selection.empty) editor.commands.setTextSelection($to.pos);
  const total = proposals.assistant.inputLimit(CONTINUE_BEFORE_CHARACTERS + CONTINUE_AFTER_CHARACTERS);
  const limits = {
    before: Math.min(CONTINUE_BEFORE_CHARACTERS, Math.floor(total * 0.8)),
    after: Math.min(CONTINUE_AFTER_CHARACTERS, Math.floor(total * 0.2)),
  };
  if (proposals.ask("continue", $to.pos, excerpt(editor.state.doc, $to.pos, limits)))
    announce("The assistant is reading.");
  return true;
}

const KEYS = "Tab takes it, Esc leaves it.";

/** One of ours is open: neither is it thrown away for another, nor is the key without effect. */
function goToOpen(editor: Editor, proposals: Proposals, { id }: Ghost): void {
  const { ghosts } = proposals;
  if (ghosts.isAtCaret(id)) {
    announce(`A suggestion is open here. ${KEYS}`);
    return;
  }
  const { $to } = editor.state.selection;
  const here = $to.parent.isTextblock ? createAnchor(editor.state, $to.pos) : null;
  if (!ghosts.goTo(id)) {
    notify("A suggestion of yours is still on its way. Try again in a moment.");
    return;
  }
  const action = here && {
    label: "Write where I was",
    run: () => continueThere(editor, proposals, { here, instead: id }),
  };
  notify(`Your suggestion is still open here. ${KEYS}`, action ? { action } : {});
}

/** Go back to `here`, and ask there; what is left of `instead` is dismissed. */
function continueThere(
  editor: Editor,
  proposals: Proposals,
  { here, instead }: { here: Anchor; instead: string },
): void {
  const place = resolveAnchor(new Resolver(editor.state), here);
  if (typeof place === "string") {
    notify("The place where you were is gone. Nothing was dismissed.");
    return;
  }
  proposals.ghosts.dismiss(instead);
  editor.chain().setTextSelection(place.left).scrollIntoView().run();
  editor.view.focus();
  continueText(editor, proposals);
}
