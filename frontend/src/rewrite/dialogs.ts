/** Choosing between tries, and between the single changes of one. */
import { openDialog } from "../editor/dialog";
import { make, makeButton } from "../page/elements";
import type { Decidable } from "./bar";
import { wordsOf } from "./versions";

const CONTEXT_CHARACTERS = 24;

/** All tries below each other, each with a button to show it. */
export function openCompare(rewrites: Decidable): void {
  const session = rewrites.open;
  if (!session) return;
  const { body, close } = openDialog("Compare tries");
  const cards = session.attempts.map((attempt, index) => {
    const words = wordsOf(attempt);
    const shown = index === session.shown;
    const card = make("article", "card", make("h3", "", `Try ${index + 1}${shown ? " (shown)" : ""}`));
    card.append(make("p", "rewrite-words", words || "No words came."));
    const use = () => {
      rewrites.show(index);
      close();
    };
    if (!shown) card.append(make("div", "card-actions", makeButton("Show this one", use)));
    return card;
  });
  const before = rewrites.words?.();
  if (before)
    body.append(make("section", "card", make("h3", "", "Before"), make("p", "rewrite-words", before)));
  body.append(...cards);
  body.classList.add("cards");
}

/** Every change with a box: those that are ticked are kept. */
export function openParts(rewrites: Decidable): void {
  const session = rewrites.open;
  const changes = rewrites.changes?.() ?? [];
  if (!session || changes.length === 0) return;
  const { body, close } = openDialog("Keep part");
  const text = rewrites.words?.() ?? "";
  const boxes = changes.map((change) => {
    const box = make("input", "");
    box.type = "checkbox";
    box.checked = true;
    const old = text.slice(change.start, change.end);
    const line = make(
      "span",
      "rewrite-words",
      text.slice(Math.max(0, change.start - CONTEXT_CHARACTERS), change.start),
    );
    if (old) line.append(make("del", "", old));
    if (change.words) line.append(make("ins", "", change.words));
    line.append(text.slice(change.end, change.end + CONTEXT_CHARACTERS));
    return { box, change, row: make("li", "", make("label", "check", box, line)) };
  });
  const keep = makeButton(
    "Keep what is ticked",
    () => {
      const chosen = boxes.filter(({ box }) => box.checked).map(({ change }) => change);
      close();
      if (chosen.length > 0) rewrites.keepPart?.(chosen);
    },
    { kind: "primary" },
  );
  body.append(make("ul", "rewrite-parts", ...boxes.map(({ row }) => row)), make("div", "card-actions", keep));
}
