/** The bar of an open rewrite: what is shown, and what to do with it. It stays at the bottom, in reach of a thumb. */

import { isSmallerOffered, SMALLER_LABEL } from "../assistant/offer";
import type { Change } from "../assistant/replacement";
import { failureSentence } from "../assistant/words";
import { OnDemand } from "../editor/on-demand";
import { make, makeButton } from "../page/elements";
import type { Attempt, Session } from "./versions";

const dialogs = new OnDemand("The dialog", () => import("./dialogs"));

/** What the bar decides about. Keeping a part and inserting below make sense for some only. */
export interface Decidable {
  readonly open: Session | null;
  current(): Attempt | null;
  keep(): boolean;
  stop(): void;
  again(): void;
  browse(step: 1 | -1): void;
  show(index: number): void;
  discard(): void;
  insertBelow?(): boolean;
  /** The old words, and every change of them. */
  words?(): string;
  changes?(): Change[];
  keepPart?(chosen: readonly Change[]): boolean;
}

export class RewriteBar {
  private readonly bar = make("div", "suggestion-bar rewrite-bar");
  private readonly words = make("span", "suggestion-who");
  private readonly buttons: Record<
    "stop" | "keep" | "part" | "below" | "again" | "compare" | "back" | "on" | "discard",
    HTMLButtonElement
  >;
  private readonly count = make("span", "rewrite-count");

  constructor(
    home: HTMLElement,
    private readonly rewrites: Decidable,
    name: string,
  ) {
    this.bar.setAttribute("role", "toolbar");
    this.bar.setAttribute("aria-label", name);
    this.bar.dataset.name = name.toLowerCase();
    this.bar.hidden = true;
    this.buttons = {
      stop: makeButton("Stop", () => rewrites.stop(), { icon: "square" }),
      keep: makeButton("Keep", () => rewrites.keep(), { kind: "primary" }),
      part: makeButton("Keep part", () => this.choosePart()),
      below: makeButton("Insert below", () => rewrites.insertBelow?.()),
      again: makeButton("Try again", () => rewrites.again(), { icon: "refresh-cw" }),
      back: makeButton("", () => rewrites.browse(-1), {
        kind: "icon",
        icon: "chevron-left",
        label: "The try before",
      }),
      on: makeButton("", () => rewrites.browse(1), {
        kind: "icon",
        icon: "chevron-right",
        label: "The next try",
      }),
      compare: makeButton("Compare", () => this.compare()),
      discard: makeButton("Discard", () => rewrites.discard(), { kind: "quiet" }),
    };
    const { stop, keep, part, below, again, back, on, compare, discard } = this.buttons;
    this.bar.append(this.words, back, this.count, on, compare, stop, keep, part, below, again, discard);
    home.append(this.bar);
    this.bar.addEventListener("pointerdown", (event) => {
      if (event.target instanceof Element && event.target.closest("button")) event.preventDefault();
    });
    document.addEventListener("keydown", (event) => this.onKey(event));
  }

  draw(session: Session | null, intact: boolean): void {
    this.bar.hidden = session === null;
    document.body.classList.toggle(`deciding-${this.bar.dataset.name}`, session !== null);
    const attempt = session?.attempts[session.shown];
    if (!session || !attempt) return;
    const words = sentence(session, attempt, intact);
    if (this.words.textContent !== words) this.words.textContent = words;
    const running = attempt.state === "running";
    const there = attempt.result !== null;
    const several = session.attempts.length > 1;
    const { stop, keep, part, below, again, back, on, compare } = this.buttons;
    show(stop, running);
    show(keep, !running && there && intact);
    show(part, !running && there && intact && (this.rewrites.changes?.().length ?? 0) > 1);
    show(below, !running && there && this.rewrites.insertBelow !== undefined);
    show(again, !running && intact && session.repeatable);
    setWords(again, isSmallerOffered(attempt.failure) ? SMALLER_LABEL : "Try again");
    for (const element of [back, on, compare, this.count]) show(element, several && !running);
    this.count.textContent = `${session.shown + 1}/${session.attempts.length}`;
    back.disabled = session.shown === 0;
    on.disabled = session.shown === session.attempts.length - 1;
  }

  /** Move the focus into the bar. */
  focus(): void {
    this.bar.querySelector<HTMLElement>("button:not([hidden]):not(:disabled)")?.focus();
  }

  private onKey(event: KeyboardEvent): void {
    if (this.bar.hidden || document.querySelector("dialog[open]")) return;
    if (event.key === "F10" && event.altKey && !event.defaultPrevented) {
      event.preventDefault();
      this.focus();
      return;
    }
    const target = event.target instanceof Element ? event.target : null;
    const here = target?.closest(".ProseMirror, .rewrite-bar");
    if (!here || event.defaultPrevented) return;
    if (event.key === "Escape") {
      event.preventDefault();
      if (this.rewrites.current()?.state === "running") this.rewrites.stop();
      else this.rewrites.discard();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.shiftKey) {
      event.preventDefault();
      this.rewrites.keep();
    }
  }

  private async compare(): Promise<void> {
    const { openCompare } = await dialogs.wanted();
    openCompare(this.rewrites);
  }

  private async choosePart(): Promise<void> {
    const { openParts } = await dialogs.wanted();
    openParts(this.rewrites);
  }
}

function sentence({ label }: Session, attempt: Attempt, intact: boolean): string {
  const demo = attempt.demo ? " · demo" : "";
  if (attempt.state === "running") return `${label}: ${attempt.held ? "checking" : "writing"}…${demo}`;
  if (!intact) return `${label}: written for an older text${demo}`;
  if (attempt.failure)
    return `${label}: ${failureSentence(attempt.failure, attempt.result !== null, "What had arrived is shown.")}`;
  if (!attempt.result) return `${label}: no other words came.`;
  return `${label}${attempt.state === "stopped" ? ": stopped" : ""}${demo}`;
}

function setWords(button: HTMLElement, words: string): void {
  if (button.lastChild?.textContent !== words) button.lastChild?.replaceWith(words);
}

function show(element: HTMLElement, shown: boolean): void {
  element.hidden = !shown;
}
