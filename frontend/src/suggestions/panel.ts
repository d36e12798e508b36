/** The rail's panel of suggestions: what to look for, what is being looked for, and a card for each finding. */
import type { Editor } from "@tiptap/core";
import { isSmallerOffered, SMALLER_LABEL } from "../assistant/offer";
import { failureSentence } from "../assistant/words";
import { isOutOfSight, make, makeButton } from "../page/elements";
import { ASPECTS, aspectLabel, OWN_MAX_CHARACTERS } from "./aspects";
import { type CardActions, cardKey, drawCard } from "./card";
import { countWords, type Run, type Suggestion } from "./suggestion";
import type { Suggestions } from "./suggestions";

const CHOSEN = "interline.aspects";
/** Decided suggestions that are still listed, the latest. */
const DECIDED_SHOWN = 30;

export class SuggestionsPanel {
  private readonly runs = make("ul", "runs");
  private readonly cards = make("div", "cards");
  private readonly empty = make("p", "panel-empty");
  private readonly decided = make("details", "decided");
  private readonly chosen = new Set<string>(recallChosen());
  private readonly drawn = new Map<string, { key: string; card: HTMLElement }>();
  private readonly actions: CardActions;
  private frame = 0;

  constructor(
    private readonly container: HTMLElement,
    private readonly editor: Editor,
    private readonly suggestions: Suggestions,
    discuss: (suggestion: Suggestion) => void,
  ) {
    this.actions = {
      accept: (id, words) => this.andGoOn(id, () => suggestions.accept(id, words)),
      reject: (id) => this.andGoOn(id, () => suggestions.reject(id)),
      again: (id) => suggestions.again(id),
      discuss: (id) => {
        const suggestion = suggestions.list().find((one) => one.id === id);
        if (suggestion) discuss(suggestion);
      },
      show: (id) => suggestions.show(id),
    };
    container.append(this.picker(), this.runs, this.empty, this.cards, this.decided);
    container.addEventListener("focusout", (event) => {
      if (!container.contains(event.relatedTarget as Node | null)) suggestions.show(null);
    });
    this.draw();
  }

  /** Draw with the next frame what changed; nothing while it is out of sight. */
  update(): void {
    if (!isOutOfSight(this.container)) this.frame ||= requestAnimationFrame(() => this.draw());
  }

  /** Bring a card into view and give it the focus. */
  focus(id: string): void {
    this.draw();
    const card = this.drawn.get(id)?.card;
    const target = card?.querySelector<HTMLElement>("button");
    target?.focus({ preventScroll: true });
    card?.scrollIntoView({ block: "nearest" });
  }

  private picker(): HTMLElement {
    const picker = make("details", "picker-home", make("summary", "", "What to look for"));
    picker.open = true;
    picker.hidden = !this.editor.isEditable;
    const form = make("form", "picker");
    const group = make("fieldset", "aspects", make("legend", "visually-hidden", "Look for"));
    const buttons = ASPECTS.map(({ id, label, looksFor }) => {
      const button = makeButton(label, () => this.toggle(id, button));
      button.className = "chip";
      button.title = looksFor;
      button.setAttribute("aria-pressed", String(this.chosen.has(id)));
      return button;
    });
    const own = make("input", "picker-own");
    own.type = "text";
    own.maxLength = OWN_MAX_CHARACTERS;
    own.placeholder = "Something else, in your words";
    own.setAttribute("aria-label", "Something else to look for, in your words");
    const submit = makeButton("Look through the text", () => {}, { kind: "primary", icon: "sparkles" });
    submit.type = "submit";
    this.suggestions.assistant.availability.mark(submit, "suggest");
    const scope = () => {
      const words = this.editor.state.selection.empty
        ? "Look through the text"
        : "Look through the selection";
      // With every key: drawing the same words anew would lay out all the cards below.
      if (submit.lastChild?.textContent !== words) submit.lastChild?.replaceWith(words);
    };
    this.editor.on("selectionUpdate", scope);
    scope();
    const problem = make("p", "field-error");
    problem.setAttribute("role", "alert");
    group.append(...buttons);
    form.append(group, own, submit, problem);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const wish = own.value.trim();
      const aspects = [...this.chosen, ...(wish ? [wish] : [])];
      problem.textContent = aspects.length === 0 ? "Choose what to look for first." : "";
      if (aspects.length === 0) return;
      const { from, to, empty } = this.editor.state.selection;
      this.suggestions.ask(aspects, empty ? undefined : { from, to });
      // On a small screen the findings need the room.
      if (matchMedia("(max-width: 800px)").matches) picker.open = false;
    });
    picker.append(form);
    return picker;
  }

  private toggle(aspect: string, button: HTMLElement): void {
    if (!this.chosen.delete(aspect)) this.chosen.add(aspect);
    button.setAttribute("aria-pressed", String(this.chosen.has(aspect)));
    localStorage.setItem(CHOSEN, JSON.stringify([...this.chosen]));
  }

  private draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const list = this.suggestions.list();
    const runs = this.suggestions.runs();
    this.drawRuns(runs, list);
    const open = list.filter(({ verdict }) => verdict === "open" || verdict === "stale");
    const over = list
      .filter(({ verdict }) => verdict !== "open" && verdict !== "stale")
      .slice(-DECIDED_SHOWN);
    this.drawCards(this.cards, open);
    this.drawDecided(over);
    const kept = new Set([...open, ...over].map(({ id }) => id));
    for (const id of this.drawn.keys()) if (!kept.has(id)) this.drawn.delete(id);
    const busy = runs.some(({ state }) => state === "running" || state === "waiting");
    this.empty.hidden = open.length > 0 || busy;
    this.empty.textContent =
      over.length > 0
        ? "Nothing is open."
        : "Suggestions show up here and in the text. Nothing changes until somebody accepts.";
  }

  private drawRuns(runs: readonly Run[], list: readonly Suggestion[]): void {
    const open = new Map<string, number>();
    for (const { aspect, verdict } of list)
      if (verdict === "open") open.set(aspect, (open.get(aspect) ?? 0) + 1);
    const going = runs.filter(({ state }) => state !== "done" && state !== "stopped");
    const quiet = runs.filter(({ state, found, own }) => state === "done" && found === 0 && own).slice(-1);
    // One button for all of them, at the last.
    const offered = going.findLast(({ own, failure }) => own && isSmallerOffered(failure))?.id;
    const rows = [...going, ...quiet].map((run) => this.runRow(run, offered));
    const several = [...open].filter(([, count]) => count > 1);
    const all = this.editor.isEditable ? several.map(([aspect, count]) => this.allRow(aspect, count)) : [];
    const key = JSON.stringify([going, quiet, several]);
    if (this.runs.dataset.key === key) return;
    this.runs.dataset.key = key;
    this.runs.replaceChildren(...rows, ...all);
  }

  private runRow(run: Run, offered: string | undefined): HTMLElement {
    const row = make("li", "run");
    row.dataset.state = run.state;
    row.append(make("span", "run-words", runSentence(run)));
    if (run.own && (run.state === "running" || run.state === "waiting"))
      row.append(makeButton("Stop", () => this.suggestions.stopRun(run.id), { kind: "quiet" }));
    if (run.id === offered) row.append(makeButton(SMALLER_LABEL, () => this.suggestions.takeOffer()));
    else if (run.own && run.state === "failed" && !isSmallerOffered(run.failure))
      row.append(makeButton("Try again", () => this.suggestions.retryRun(run.id)));
    if (run.state === "failed" || run.state === "done")
      row.append(
        makeButton("", () => this.suggestions.forgetRun(run.id), { kind: "icon", icon: "x", label: "Close" }),
      );
    return row;
  }

  private allRow(aspect: string, count: number): HTMLElement {
    const label = aspectLabel(aspect);
    const accept = makeButton(`Accept all ${count}`, () => this.suggestions.acceptAll(aspect), {
      label: `Accept all ${count} for ${label}`,
    });
    return make("li", "run", make("span", "run-words", label), accept);
  }

  private drawCards(home: HTMLElement, list: readonly Suggestion[]): void {
    const focused = document.activeElement;
    const cards = list.map((suggestion) => this.card(suggestion));
    const same =
      cards.length === home.children.length && cards.every((card, at) => card === home.children[at]);
    if (same) return;
    home.replaceChildren(...cards);
    // Moving an element takes the focus from what is in it.
    if (focused instanceof HTMLElement && home.contains(focused)) focused.focus({ preventScroll: true });
  }

  private drawDecided(list: readonly Suggestion[]): void {
    this.decided.hidden = list.length === 0;
    const summary = make("summary", "", `Decided (${list.length})`);
    const cards = list.map((suggestion) => this.card(suggestion));
    const key = cards.map(({ dataset }) => `${dataset.card} ${dataset.verdict}`).join();
    if (this.decided.dataset.key === key) return;
    this.decided.dataset.key = key;
    this.decided.replaceChildren(summary, ...cards);
  }

  private card(suggestion: Suggestion): HTMLElement {
    const key = cardKey(suggestion, this.editor.isEditable);
    const known = this.drawn.get(suggestion.id);
    if (known?.key === key) return known.card;
    // Words that somebody is writing in it are not thrown away while its place merely moves.
    if (known?.card.querySelector("form") && suggestion.verdict === "open") return known.card;
    const card = drawCard(suggestion, this.editor.isEditable, this.actions);
    this.drawn.set(suggestion.id, { key, card });
    return card;
  }

  /** Act on a card, and give the focus to the one after it. */
  private andGoOn(id: string, act: () => void): void {
    const cards = [...this.cards.querySelectorAll<HTMLElement>("[data-card]")];
    const at = cards.findIndex(({ dataset }) => dataset.card === id);
    const next = cards[at + 1]?.dataset.card ?? cards[at - 1]?.dataset.card;
    const hadFocus = this.drawn.get(id)?.card.contains(document.activeElement);
    act();
    this.draw();
    if (hadFocus && next) this.focus(next);
    else if (hadFocus) this.editor.commands.focus();
  }
}

function runSentence({ aspect, author, own, state, failure, found }: Run): string {
  const label = aspectLabel(aspect);
  const whose = own || !author ? "" : ` (${author.name})`;
  if (state === "waiting") return `${label}: waits for its turn`;
  if (state === "running") return `${label}${whose}: reading… ${found > 0 ? countWords(found) : ""}`.trim();
  if (state === "failed" && failure)
    return `${label}${whose}: ${failureSentence(failure, found > 0, "What was found stays.")}`;
  return `${label}${whose}: ${countWords(found)}`;
}

function recallChosen(): string[] {
  try {
    const known = JSON.parse(localStorage.getItem(CHOSEN) ?? '["clarity"]');
    return ASPECTS.map(({ id }) => id).filter((id) => known.includes(id));
  } catch {
    return ["clarity"];
  }
}
