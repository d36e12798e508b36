/** Continuations and inline completions: asks for them, and gives the ghosts their text. */
import type { Editor } from "@tiptap/core";
import { createAnchor, decodeAnchor, encodeAnchor, Resolver, resolveAnchor } from "../collaboration/anchors";
import { announce, notify } from "../editor/announce";
import { CONTINUE_AFTER_CHARACTERS, CONTINUE_BEFORE_CHARACTERS } from "../editor/limits";
import type { Assistant } from "./assistant";
import { type Excerpt, excerpt } from "./excerpt";
import { type Failure, type Generation, isOver } from "./generations";
import { Ghosts } from "./ghost";
import type { Ghost } from "./ghost-element";
import type { GenerationOptions } from "./messages";
import { isSmallerOffered, ON_SMALLER, SMALLER_LABEL } from "./offer";
import { failureSentence } from "./words";

/** Actions whose text is proposed as a ghost. */
const GHOST_ACTIONS = ["continue", "complete", "custom"] as const;
export type GhostAction = (typeof GHOST_ACTIONS)[number];
type Input = Excerpt & { instruction?: string };

interface More {
  /** The generation in place of whose rest it is asked. */
  goesOnFrom?: string;
  options?: GenerationOptions;
}

interface Asked {
  input: Input;
  more: More;
}

export class Proposals {
  readonly ghosts: Ghosts;
  private editor: Editor | null = null;
  private announced: string | null = null;
  /** Asked for here and dismissed before it began. */
  private readonly dropped = new Set<string>();
  /** What was asked here and is not over yet. */
  private readonly requests = new Map<string, Asked>();
  private offeredForCompletions = false;

  /** `showActive` gets the ghost that keys act on now; null when there is none. */
  constructor(
    readonly assistant: Assistant,
    private readonly showActive: (ghost: Ghost | null, rest: string) => void,
  ) {
    this.ghosts = new Ghosts({
      dismissed: (ghost, consumed) => this.dismissed(ghost, consumed),
      taken: (ghost) => this.taken(ghost),
      wanted: () => announce("It is taken with the words that come next. Escape to dismiss."),
      changed: () => this.drawActive(),
    });
    assistant.follow((known, before) => this.follow(known, before));
    assistant.onReachable(() => this.drawActive());
  }

  attach(editor: Editor): void {
    this.editor = editor;
    editor.on("selectionUpdate", () => this.drawActive());
  }

  /**
   * Ask for text at `pos`; `goesOnFrom`: instead of the rest of that generation. Return the generation's id, or null when
   * nothing can be asked there.
   */
  ask(action: GhostAction, pos: number, input: Input, more: More = {}): string | null {
    const anchor = this.editor && createAnchor(this.editor.state, pos);
    if (!anchor) return null;
    const { goesOnFrom, options } = more;
    const { name, color } = this.assistant.config.user;
    const isPrivate = action === "complete";
    const visibility = isPrivate ? "private" : "shared";
    const id = this.assistant.start({
      action,
      input: { ...input },
      anchor: { ...encodeAnchor(anchor), ...(goesOnFrom ? { goes_on_from: goesOnFrom } : {}) },
      visibility,
      ...(options ? { options } : {}),
    });
    this.requests.set(id, { input, more });
    this.ghosts.add({ id, anchor, mine: true, private: isPrivate, name, color, demo: false });
    return id;
  }

  /** Whether a generation of this action of ours is under way or still proposed. */
  hasOwn(action: GhostAction): boolean {
    return this.own(action) !== null;
  }

  /** While a continuation of ours is there: keep what has come, and go on from it as wished. */
  steer(instruction: string): boolean {
    const own = this.own("continue");
    const { editor } = this;
    if (!editor || !own) return false;
    const pos = this.ghosts.keep(own.id);
    if (pos === null) return false;
    const limits = { before: CONTINUE_BEFORE_CHARACTERS, after: CONTINUE_AFTER_CHARACTERS };
    const input = { ...excerpt(editor.state.doc, pos, limits), instruction };
    const asked = this.ask("continue", pos, input, { goesOnFrom: own.id });
    if (asked) announce(`The assistant goes on: ${instruction}.`);
    return asked !== null;
  }

  private own(action: GhostAction): Generation | null {
    const all = [...this.assistant.all()];
    return all.find((known) => known.action === action && this.ghosts.get(known.id)?.mine) ?? null;
  }

  private follow(known: Generation, before: Generation | undefined): void {
    if (!(GHOST_ACTIONS as readonly string[]).includes(known.action)) return;
    if (known.decision) {
      this.ghosts.remove(known.id);
      return;
    }
    this.show(known, before);
    if (isOver(known) && !(before && isOver(before))) this.finish(known);
  }

  private show(known: Generation, before: Generation | undefined): void {
    const isNew = !before || before.state === "asked";
    if (isNew && known.state === "streaming") this.open(known, before !== undefined);
    if (known.text !== (before?.text ?? "")) this.ghosts.setText(known.id, known.text);
    if (known.text && !before?.text) this.sayFirstWords(known);
    if (known.held !== (before?.held ?? false)) this.ghosts.setHeld(known.id, known.held);
  }

  /**
   * The first event of a generation: ours already has its ghost, somebody else's gets one. `isOlder`: it began before
   * this page did.
   */
  private open(known: Generation, isOlder: boolean): void {
    if (this.ghosts.get(known.id)) {
      this.ghosts.setDemo(known.id, known.demo);
      return;
    }
    const anchor = decodeAnchor(known.anchor);
    const own = known.user?.id === this.assistant.config.user.id;
    // Ours without a ghost: asked before a reload, dismissed before it began, or asked in another tab.
    if (!anchor || !known.user || this.dropped.has(known.id)) return;
    if (known.action === "complete") return; // of the caret in that tab, which is elsewhere here
    const { name, color } = known.user;
    this.removeEarlier(known);
    this.ghosts.add({
      id: known.id,
      anchor,
      mine: own && isOlder,
      private: false,
      name,
      color,
      demo: known.demo,
    });
    if (!own && !isOlder) announce(`${name} asked the assistant to write on.`);
  }

  /** What somebody steered goes on as another generation: the rest of the first is not to stand beside it. */
  private removeEarlier({ anchor, user }: Generation): void {
    const earlier = this.assistant.get(String((anchor as { goes_on_from?: unknown }).goes_on_from));
    if (earlier && earlier.user?.id === user?.id) this.ghosts.remove(earlier.id);
  }

  private finish(known: Generation): void {
    const ghost = this.ghosts.get(known.id);
    const request = this.requests.get(known.id);
    this.dropped.delete(known.id);
    this.requests.delete(known.id);
    if (known.state === "cancelled") {
      this.ghosts.remove(known.id);
      return;
    }
    if (known.state === "failed") this.tellFailure(known, ghost, request);
    if (!ghost) return;
    if (known.text.trim() === "") {
      this.ghosts.remove(known.id);
      if (known.state === "done" && ghost.mine && !ghost.private)
        notify("The assistant had nothing to add here.");
      return;
    }
    this.ghosts.end(known.id);
    this.sayOnce(ghost);
  }

  private tellFailure(known: Generation, ghost: Ghost | undefined, request: Asked | undefined): void {
    if (!ghost?.mine || !known.failure) return;
    if (isSmallerOffered(known.failure) && request) {
      this.offerSmaller(known, known.failure, ghost, request);
      return;
    }
    // An inline completion that did not come is no loss worth a word, unless it will go on failing.
    if (ghost.private && (known.failure.retryable || known.failure.code === "rate_limited")) return;
    notify(failureSentence(known.failure, known.text.trim() !== ""));
  }

  private offerSmaller(known: Generation, failure: Failure, ghost: Ghost, request: Asked): void {
    if (!ghost.private) {
      const run = () => this.askSmaller(known.action as GhostAction, ghost, request);
      notify(failureSentence(failure, known.text.trim() !== ""), {
        action: { label: SMALLER_LABEL, run },
        stays: true,
      });
    } else if (!this.offeredForCompletions) {
      this.offeredForCompletions = true; // once: completions are asked for with every pause
      const run = () => this.assistant.goOnSmaller("complete");
      notify("There are not enough tokens left to complete what you type. A smaller model can do it.", {
        action: { label: SMALLER_LABEL, run },
      });
    }
  }

  private askSmaller(action: GhostAction, ghost: Ghost, { input, more }: Asked): void {
    const { editor } = this;
    if (!editor || this.hasOwn(action)) return;
    const place = resolveAnchor(new Resolver(editor.state), ghost.anchor);
    const pos = typeof place === "string" ? editor.state.selection.to : place.left;
    if (this.ask(action, pos, input, { ...more, options: ON_SMALLER })) announce("The assistant is reading.");
    editor.commands.focus();
  }

  private sayFirstWords({ id, state }: Generation): void {
    const ghost = this.ghosts.get(id);
    if (ghost?.mine && !ghost.private && state === "streaming") announce("The assistant is writing.");
  }

  private sayOnce(ghost: Ghost): void {
    if (this.announced === ghost.id) return;
    this.announced = ghost.id;
    const rest = this.ghosts.rest(ghost.id).trim();
    if (!rest || !this.editor?.isEditable) return;
    const whose = ghost.mine ? "Suggestion" : `Suggestion for ${ghost.name}`;
    announce(`${whose}: ${rest} Tab to accept, Escape to dismiss.`);
  }

  private taken(ghost: Ghost): void {
    if (ghost.takenHere) this.assistant.decide({ id: ghost.id, decision: "accepted" });
  }

  /** Only who asked decides against a suggestion; for everybody else it is merely out of sight. */
  private dismissed(ghost: Ghost, consumed: string): void {
    if (!ghost.mine) return;
    const { id } = ghost;
    const partly = consumed.trim() !== "";
    this.dropped.add(id);
    this.assistant.decide(
      partly ? { id, decision: "edited", final_text: consumed } : { id, decision: "rejected" },
    );
    this.assistant.cancel(id);
    if (!ghost.private) announce("Suggestion dismissed.");
  }

  private drawActive(): void {
    const ghost = this.editor?.isEditable ? this.ghosts.active() : null;
    this.showActive(ghost, ghost ? this.ghosts.rest(ghost.id) : "");
  }
}
