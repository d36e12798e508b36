/** Says what is to be known of the text that an answer was made from. The chat says it itself, beside the answer. */
import { notify } from "../editor/announce";
import type { Assistant } from "./assistant";
import type { Note } from "./messages";

/** Of these nobody waits to be told: the chat's stand beside its answers, completions come with every pause. */
const QUIET = new Set(["chat", "complete"]);

/** Tell it to whoever asked: each kind once in a page, for the text stays what it is from one answer to the next. */
export function tellNotes(assistant: Pick<Assistant, "config" | "follow">): void {
  const told = new Set<Note["kind"]>();
  assistant.follow(({ action, notes, user }) => {
    if (QUIET.has(action) || user?.id !== assistant.config.user.id) return;
    for (const { kind, message } of notes) {
      if (told.has(kind)) continue;
      told.add(kind);
      notify(message, { stays: true });
    }
  });
}
