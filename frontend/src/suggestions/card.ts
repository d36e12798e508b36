/** A suggestion as a card: what would change, why, whose it is, and buttons to decide. */
import { make, makeButton } from "../page/elements";
import { reportGeneration } from "../reports/report";
import { aspectLabel } from "./aspects";
import { type Suggestion, spoken } from "./suggestion";

export interface CardActions {
  accept(id: string, words?: string): void;
  reject(id: string): void;
  again(id: string): void;
  /** Talk about it in the chat. */
  discuss(id: string): void;
  /** The card got the focus or the pointer. */
  show(id: string): void;
}

/** What of a suggestion its card shows: it is drawn again when this changes. */
export function cardKey({ id, verdict, by, place }: Suggestion, editable: boolean): string {
  return [id, verdict, by?.id ?? "", place ? "placed" : "", editable].join(" ");
}

export function drawCard(suggestion: Suggestion, editable: boolean, actions: CardActions): HTMLElement {
  const { id, verdict } = suggestion;
  const card = make("article", "card suggestion-card");
  card.dataset.card = id;
  card.dataset.verdict = verdict;
  card.setAttribute("aria-label", spoken(suggestion));
  card.append(change(suggestion));
  if (suggestion.explanation) card.append(make("p", "card-reason", suggestion.explanation));
  card.append(make("p", "card-meta", meta(suggestion)));
  if (editable && verdict === "open") card.append(openActions(card, suggestion, actions));
  if (editable && verdict === "stale") card.append(staleActions(suggestion, actions));
  card.addEventListener("focusin", () => actions.show(id));
  card.addEventListener("pointerenter", () => actions.show(id));
  return card;
}

function change({ original, replacement }: Suggestion): HTMLElement {
  const line = make("p", "card-change", make("del", "", original));
  if (replacement) line.append(" ", make("ins", "", replacement));
  return line;
}

function meta({ aspect, author, demo, verdict, by }: Suggestion): string {
  const parts = [aspectLabel(aspect)];
  if (author) parts.push(`asked by ${author.name}`);
  if (demo) parts.push("demo model");
  const who = by ? ` by ${by.name}` : "";
  if (verdict === "stale") parts.push("written for an older text");
  if (verdict === "accepted") parts.push(`accepted${who}`);
  if (verdict === "edited") parts.push(`accepted with changes${who}`);
  if (verdict === "rejected") parts.push(`rejected${who}`);
  return parts.join(" · ");
}

function openActions(
  card: HTMLElement,
  { id, generation, replacement }: Suggestion,
  actions: CardActions,
): HTMLElement {
  const row = make("div", "card-actions");
  const edit = () => {
    row.hidden = true;
    const form = editForm(replacement, {
      done: (words) => actions.accept(id, words),
      cancel: () => {
        form.remove();
        row.hidden = false;
        row.querySelector<HTMLElement>("button:nth-child(2)")?.focus();
      },
    });
    card.append(form);
    form.querySelector("textarea")?.focus();
  };
  row.append(
    makeButton("Accept", () => actions.accept(id), { kind: "primary" }),
    makeButton("Edit", edit),
    makeButton("Reject", () => actions.reject(id)),
    makeButton("", () => actions.discuss(id), {
      kind: "icon",
      icon: "message-square",
      label: "Ask about it",
    }),
    makeButton("", () => reportGeneration(generation), { kind: "icon", icon: "flag", label: "Report…" }),
  );
  return row;
}

function staleActions({ id }: Suggestion, actions: CardActions): HTMLElement {
  return make(
    "div",
    "card-actions",
    makeButton("Ask again", () => actions.again(id)),
    makeButton("Dismiss", () => actions.reject(id), { kind: "quiet" }),
  );
}

function editForm(words: string, act: { done(words: string): void; cancel(): void }): HTMLFormElement {
  const field = make("textarea", "card-edit");
  field.value = words;
  field.rows = Math.min(6, Math.ceil(words.length / 36) + 1);
  field.setAttribute("aria-label", "Your wording");
  const submit = makeButton("Accept", () => {}, { kind: "primary" });
  submit.type = "submit";
  const form = make(
    "form",
    "card-form",
    field,
    make("div", "card-actions", submit, makeButton("Cancel", act.cancel)),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act.done(field.value);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      act.cancel();
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      act.done(field.value);
    }
  });
  return form;
}
