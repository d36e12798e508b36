/** The assistant in one document: asks, follows every generation's events, and gives the ghosts their text. */
import type { Editor } from "@tiptap/core";
import { uuidv4 } from "lib0/random";
import { createAnchor, decodeAnchor, encodeAnchor } from "../collaboration/anchors";
import { announce, notify } from "../editor/announce";
import { type EditorConfig, socketUrl } from "../editor/config";
import { ANSWER_TIMEOUT_MS } from "../editor/limits";
import type { Excerpt } from "./excerpt";
import { asked, type Generation, type Generations, isOver, reduce, resumePoints } from "./generations";
import { type Ghost, Ghosts } from "./ghost";
import type { Decide, Hello, ServerMessage } from "./messages";
import { AssistantSocket } from "./socket";
import { failureSentence } from "./words";

/** Actions whose text is proposed as a ghost. */
const GHOST_ACTIONS = ["continue", "complete"] as const;
export type GhostAction = (typeof GHOST_ACTIONS)[number];

export interface AssistantOptions {
  config: EditorConfig;
  /** The ghosts that act now, for the bar; null when there are none. */
  showActive(ghost: Ghost | null, rest: string): void;
  /** The model in use, from `hello`. */
  showModel(hello: Hello): void;
}

export class Assistant {
  readonly ghosts: Ghosts;
  private readonly socket: AssistantSocket;
  private generations: Generations = new Map();
  /** What is to be told about a generation once it is over. */
  private readonly decisions = new Map<string, Decide>();
  private editor: Editor | null = null;
  private announced: string | null = null;

  constructor(private readonly options: AssistantOptions) {
    this.ghosts = new Ghosts({
      dismissed: (ghost, consumed) => this.dismissed(ghost, consumed),
      taken: (ghost) => this.taken(ghost),
      changed: () => this.drawActive(),
    });
    this.socket = new AssistantSocket(socketUrl(options.config.paths.assistant), {
      message: (message) => this.hear(message),
      resumePoints: () => resumePoints(this.generations),
      reachable: () => this.drawActive(),
    });
  }

  attach(editor: Editor): void {
    this.editor = editor;
    editor.on("selectionUpdate", () => this.drawActive());
  }

  get isReachable(): boolean {
    return this.socket.isReachable;
  }

  /** The most characters of input that the server takes, or `otherwise` before it has said so. */
  inputLimit(otherwise: number): number {
    return this.socket.hello?.limits.input_characters ?? otherwise;
  }

  /** Ask for text at `pos`. Return the generation's id, or null when nothing can be asked there. */
  ask(action: GhostAction, pos: number, input: Excerpt): string | null {
    const anchor = this.editor && createAnchor(this.editor.state, pos);
    if (!anchor) return null;
    const { id: _user, name, color } = this.options.config.user;
    const id = uuidv4();
    const wire = encodeAnchor(anchor);
    const isPrivate = action === "complete";
    this.generations = new Map(this.generations).set(id, asked(id, action, this.options.config.user, wire));
    this.ghosts.add({ id, anchor, mine: true, private: isPrivate, name, color, demo: false });
    const visibility = isPrivate ? "private" : "shared";
    this.socket.send({ type: "generate", id, action, input: { ...input }, anchor: wire, visibility });
    setTimeout(() => this.giveUp(id), ANSWER_TIMEOUT_MS);
    return id;
  }

  /** Whether a generation of this action of ours is under way or still proposed. */
  hasOwn(action: GhostAction): boolean {
    return [...this.generations.values()].some(
      (known) => known.action === action && this.ghosts.get(known.id)?.mine,
    );
  }

  private hear(message: ServerMessage): void {
    if (message.type === "hello") this.options.showModel(message);
    const before = this.generations;
    this.generations = reduce(before, message);
    if (this.generations === before) return;
    for (const [id, known] of this.generations) {
      if (before.get(id) !== known) this.follow(known, before.get(id));
    }
  }

  private follow(known: Generation, before: Generation | undefined): void {
    if (known.gap && !before?.gap) {
      this.socket.resume({ [known.id]: known.seq });
      return;
    }
    if (!(GHOST_ACTIONS as readonly string[]).includes(known.action)) return;
    if (before?.seq !== known.seq) this.socket.acknowledge(known.id, known.seq);
    if (known.decision) {
      this.ghosts.remove(known.id);
      return;
    }
    this.show(known, before);
    if (isOver(known) && !(before && isOver(before))) this.finish(known);
  }

  private show(known: Generation, before: Generation | undefined): void {
    const isNew = !before || before.state === "asked";
    if (isNew && known.state === "streaming") this.open(known);
    if (known.text !== (before?.text ?? "")) this.ghosts.setText(known.id, known.text);
  }

  /** The first event of a generation: ours already has its ghost, somebody else's gets one. */
  private open(known: Generation): void {
    if (this.ghosts.get(known.id)) {
      this.ghosts.setDemo(known.id, known.demo);
      return;
    }
    const anchor = decodeAnchor(known.anchor);
    const own = known.user?.id === this.options.config.user.id;
    // Ours without a ghost: dismissed before it began, or asked in another tab.
    if (!anchor || !known.user || this.decisions.has(known.id)) return;
    const { name, color } = known.user;
    const isPrivate = known.action === "complete";
    this.ghosts.add({
      id: known.id,
      anchor,
      mine: own && isPrivate,
      private: isPrivate,
      name,
      color,
      demo: known.demo,
    });
    if (!own) announce(`${name} asked the assistant for a continuation.`);
  }

  private finish(known: Generation): void {
    const ghost = this.ghosts.get(known.id);
    const decision = this.decisions.get(known.id);
    this.decisions.delete(known.id);
    // A cancelled generation of which nothing was taken needs no decision.
    if (decision && !(known.state === "cancelled" && decision.decision === "rejected"))
      this.socket.send(decision);
    if (known.state === "cancelled") {
      this.ghosts.remove(known.id);
      return;
    }
    if (known.state === "failed") this.tellFailure(known, ghost);
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

  private tellFailure(known: Generation, ghost: Ghost | undefined): void {
    if (!ghost?.mine || !known.failure) return;
    // An inline completion that did not come is no loss worth a word, unless it will go on failing.
    if (ghost.private && (known.failure.retryable || known.failure.code === "rate_limited")) return;
    notify(failureSentence(known.failure, known.text.trim() !== ""));
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
    if (ghost.takenHere) this.decide({ type: "decide", id: ghost.id, decision: "accepted" });
  }

  /** Only who asked decides against a suggestion; for everybody else it is merely out of sight. */
  private dismissed(ghost: Ghost, consumed: string): void {
    if (!ghost.mine) return;
    const known = this.generations.get(ghost.id);
    const partly = consumed.trim() !== "";
    this.decide(
      partly
        ? { type: "decide", id: ghost.id, decision: "edited", final_text: consumed }
        : { type: "decide", id: ghost.id, decision: "rejected" },
    );
    if (known && !isOver(known)) this.socket.send({ type: "cancel", id: ghost.id });
    if (!ghost.private) announce("Suggestion dismissed.");
  }

  /** A decision comes after the end, and a generation that was cancelled without a word taken needs none. */
  private decide(decision: Decide): void {
    const known = this.generations.get(decision.id);
    if (!known || known.state === "cancelled") return;
    if (isOver(known)) this.socket.send(decision);
    else this.decisions.set(decision.id, decision);
  }

  /** No event at all came: the server is away, or has lost the request. */
  private giveUp(id: string): void {
    const known = this.generations.get(id);
    if (known?.state !== "asked") return;
    const ghost = this.ghosts.get(id);
    this.socket.forget(id);
    this.socket.send({ type: "cancel", id });
    this.ghosts.remove(id);
    if (ghost && !ghost.private)
      notify("The assistant did not answer. Your text is untouched. Try again in a moment.");
  }

  private drawActive(): void {
    const ghost = this.editor?.isEditable ? this.ghosts.active() : null;
    this.options.showActive(ghost, ghost ? this.ghosts.rest(ghost.id) : "");
  }
}
