/** Proposes titles, each with a button that takes it for the document's. */
import type { Editor } from "@tiptap/core";
import type { Assistant, Request } from "../assistant/assistant";
import { isOver } from "../assistant/generations";
import type { GenerationOptions } from "../assistant/messages";
import { isSmallerOffered, ON_SMALLER, SMALLER_LABEL } from "../assistant/offer";
import { writeBesideText } from "../assistant/undo-step";
import { failureSentence } from "../assistant/words";
import { announce, notify } from "../editor/announce";
import { openDialog } from "../editor/dialog";
import { CONTINUE_BEFORE_CHARACTERS } from "../editor/limits";
import { oneLine } from "../editor/title";
import { make, makeButton } from "../page/elements";

/** The titles in a model's list, however it marks its items. */
export function titlesIn(text: string): string[] {
  const lines = text.split("\n").map((line) => line.replace(/^\s*(?:[-*+•]|\d+[.)])\s*/, ""));
  const plain = lines.map((line) => line.replace(/^["“„*_]+|["”“*_]+$/g, "").trim());
  return [...new Set(plain.filter(Boolean))];
}

/** Give the document this title, as an undo step of the text's. */
function takeTitle(editor: Editor, title: string): void {
  writeBesideText(editor.view, "meta", "title", oneLine(title));
  announce(`The title is “${title}”. Undo brings the old one back.`);
}

export function openTitles(editor: Editor, assistant: Assistant): void {
  const text = editor.state.doc
    .textBetween(0, editor.state.doc.content.size, "\n\n", "\n")
    .slice(0, CONTINUE_BEFORE_CHARACTERS);
  if (text.trim() === "") {
    notify("Write something first: titles are proposed for a text.");
    return;
  }
  const why = assistant.availability.why("title");
  if (why) {
    notify(why);
    return;
  }
  if (!assistant.isReachable) {
    notify("The assistant cannot be reached. Your text is untouched. Try again when the connection is back.");
    return;
  }
  const { element, body, close } = openDialog("Titles");
  const list = make("ul", "titles");
  const words = make("p", "card-meta");
  words.setAttribute("role", "status");
  const again = makeButton("Try again", () => start(), { icon: "refresh-cw" });
  body.append(list, words, make("div", "card-actions", again));
  let id = "";
  let options: GenerationOptions | undefined;
  const start = () => {
    if (isSmallerOffered(assistant.get(id)?.failure)) options = ON_SMALLER;
    if (id) assistant.decide({ id, decision: "rejected" });
    list.replaceChildren();
    words.textContent = "The assistant is thinking of titles…";
    again.hidden = true;
    const request: Request = { action: "title", input: { text_before: text }, visibility: "private" };
    id = assistant.start(options ? { ...request, options } : request);
  };
  const stop = assistant.follow((known) => {
    if (known.id !== id) return;
    const over = isOver(known);
    // The last line may still grow.
    const titles = titlesIn(over ? known.text : known.text.slice(0, known.text.lastIndexOf("\n") + 1));
    if (titles.length > 0 && list.childElementCount === 0)
      words.textContent = "The assistant is writing titles…";
    for (const title of titles.slice(list.childElementCount)) list.append(row(title));
    if (!over) return;
    again.hidden = false;
    again.lastChild?.replaceWith(isSmallerOffered(known.failure) ? SMALLER_LABEL : "Try again");
    words.textContent = known.failure
      ? failureSentence(known.failure, titles.length > 0, "What had arrived is shown.")
      : titles.length === 0
        ? "No title came."
        : known.demo
          ? "Proposed by the demo model."
          : "";
    if (titles.length > 0) announce(`${titles.length} titles: ${titles.join(". ")}.`);
  });
  const row = (title: string) =>
    make(
      "li",
      "title-row",
      make("span", "", title),
      makeButton(
        "Use",
        () => {
          assistant.decide({ id, decision: "edited", final_text: title });
          id = "";
          close();
          takeTitle(editor, title);
        },
        { label: `Use “${title}”` },
      ),
    );
  element.addEventListener("close", () => {
    stop();
    if (!id) return;
    assistant.cancel(id);
    assistant.decide({ id, decision: "rejected" });
  });
  start();
}
