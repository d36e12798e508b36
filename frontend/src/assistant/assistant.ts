/**
 * The assistant in one document: starts generations, follows everybody's, and tells those who listen.
 *
 * What an action does with its text and edits is not known here: `proposals.ts` draws ghosts, `suggestions/` tracked
 * changes, and so on.
 */
import { uuidv4 } from "lib0/random";
import { type EditorConfig, type Role, socketUrl } from "../editor/config";
import { ANSWER_TIMEOUT_MS, CONNECTING_MS } from "../editor/limits";
import { Availability } from "./availability";
import {
  asked,
  failed,
  type Generation,
  type Generations,
  isOver,
  reduce,
  resumePoints,
} from "./generations";
import type {
  Decide,
  Generate,
  GenerationInput,
  GenerationOptions,
  Hello,
  PolicyInForce,
  Quota,
  Reviewed,
  ServerMessage,
} from "./messages";
import { ON_SMALLER } from "./offer";
import { AssistantSocket } from "./socket";

export interface Request {
  action: string;
  input: GenerationInput;
  /** Where its result belongs: opaque to the server, at most 1 KiB as JSON, sent to everybody. */
  anchor?: unknown;
  /** Whether everybody in the document follows it. */
  visibility?: "shared" | "private";
  options?: GenerationOptions;
}

/** `thread`: the one that changed; null where it may be any. */
export interface CommentsVersion {
  version: number;
  thread: string | null;
}

/** What is known of a generation now, and what was known before; `before` is undefined for a new one. */
export type Listener = (known: Generation, before: Generation | undefined) => void;

export class Assistant {
  readonly availability = new Availability();
  private readonly socket: AssistantSocket;
  private generations: Generations = new Map();
  /** Decisions about a whole generation wait for its end. */
  private readonly decisions = new Map<string, Decide>();
  /** Actions that the smaller model answers, until the scarce tokens of then are there again. */
  private readonly onSmaller = new Map<string, string | null>();
  private resetsAt: string | null = null;
  private readonly listeners = new Set<Listener>();
  private readonly greeted = new Set<(hello: Hello) => void>();
  private readonly quotaListeners = new Set<(quota: Quota) => void>();
  private readonly roleListeners = new Set<(role: Role) => void>();
  private readonly policyListeners = new Set<(policy: PolicyInForce) => void>();
  private known: PolicyInForce | null = null;
  private readonly reviewedListeners = new Set<(reviewed: Reviewed) => void>();
  private readonly conversationListeners = new Set<(id: string) => void>();
  private readonly commentListeners = new Set<(changed: CommentsVersion) => void>();
  private readonly reachability = new Set<(reachable: boolean) => void>();

  constructor(readonly config: EditorConfig) {
    this.socket = new AssistantSocket(socketUrl(config.paths.assistant), {
      message: (message) => this.hear(message),
      resumePoints: () => resumePoints(this.generations),
      reachable: (reachable) => {
        if (!reachable && !this.hello) this.giveUpWaiting();
        for (const listener of this.reachability) listener(reachable);
      },
    });
  }

  /** Whether something can be asked: at once, or in a moment. */
  get isReachable(): boolean {
    return this.socket.isReachable;
  }

  /** Whether what is asked waits for the first connection. */
  get isConnecting(): boolean {
    return this.socket.isConnecting;
  }

  /** What the server last said about itself; null before it has. */
  get hello(): Hello | null {
    return this.socket.hello;
  }

  /** What policies let the assistant do here for this person; null before the server has said so. */
  get policy(): PolicyInForce | null {
    return this.known;
  }

  /** The most characters of input that the server takes, or `otherwise` before it has said so. */
  inputLimit(otherwise: number): number {
    return this.socket.hello?.limits.input_characters ?? otherwise;
  }

  get(id: string): Generation | undefined {
    return this.generations.get(id);
  }

  all(): Iterable<Generation> {
    return this.generations.values();
  }

  /** Hear of every change to any generation, until the returned function is called. */
  follow(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Hear every `hello`: after each connection. */
  onHello(listener: (hello: Hello) => void): void {
    this.greeted.add(listener);
  }

  /** Hear what is left to this person: after each connection, settlement and change of their tier. */
  onQuota(listener: (quota: Quota) => void): void {
    this.quotaListeners.add(listener);
  }

  /** Hear what the person at this browser may do, after each connection and when it changes. */
  onRole(listener: (role: Role) => void): void {
    this.roleListeners.add(listener);
  }

  /** Hear what policies let the assistant do here, after each connection and when it changes. */
  onPolicy(listener: (policy: PolicyInForce) => void): void {
    this.policyListeners.add(listener);
    if (this.known) listener(this.known);
  }

  onReachable(listener: (reachable: boolean) => void): void {
    this.reachability.add(listener);
  }

  /** Hear which conversation changed, began or went. */
  onConversation(listener: (id: string) => void): void {
    this.conversationListeners.add(listener);
  }

  /** Hear which version the document's comments have, after each connection and change. */
  onComments(listener: (changed: CommentsVersion) => void): void {
    this.commentListeners.add(listener);
    if (this.hello) listener({ version: this.hello.comments ?? 0, thread: null });
  }

  /** Hear what reviewers decided about requests of this person that were held. */
  onReviewed(listener: (reviewed: Reviewed) => void): void {
    this.reviewedListeners.add(listener);
  }

  /** Ask for a generation and return its id. What comes of it, a refusal too, is heard by `follow`. */
  start({ action, input, anchor = null, visibility = "shared", options }: Request): string {
    const id = uuidv4();
    const request: Generate = { type: "generate", id, action, input, anchor, visibility };
    const wishes = options ?? (this.onSmaller.has(action) ? ON_SMALLER : undefined);
    if (wishes) request.options = wishes;
    this.change((known) => new Map(known).set(id, asked(id, action, this.config.user, anchor)));
    this.socket.send(request);
    setTimeout(() => this.giveUp(id), ANSWER_TIMEOUT_MS + (this.isConnecting ? CONNECTING_MS : 0));
    return id;
  }

  /** Have the smaller model answer what is asked again and again, until the usual tokens are there again. */
  goOnSmaller(action: string): void {
    this.onSmaller.set(action, this.resetsAt);
  }

  /** Stop a generation that runs. What had arrived is kept. */
  cancel(id: string): void {
    const known = this.generations.get(id);
    if (known && !isOver(known)) this.socket.send({ type: "cancel", id });
  }

  /** Ask for every event of generations that were not followed here from their start. */
  recall(ids: readonly string[]): void {
    const missing = ids.filter((id) => !this.generations.has(id));
    this.socket.resume(Object.fromEntries(missing.map((id) => [id, 0])));
  }

  /**
   * Tell everybody what was decided. About one edit at once; about the whole after its end, and a generation that was
   * cancelled without a word taken needs none.
   */
  decide(decision: Omit<Decide, "type">): void {
    const message: Decide = { type: "decide", ...decision };
    const known = this.generations.get(message.id);
    if (message.edit_id) this.socket.send(message);
    else if (!known || known.state === "cancelled") return;
    else if (isOver(known)) this.socket.send(message);
    else this.decisions.set(message.id, message);
  }

  private hear(message: ServerMessage): void {
    const policy = message.type === "hello" ? message.policy : message.type === "policy" ? message : null;
    if (policy) this.hearPolicy(policy);
    if (message.type === "hello") for (const listener of this.greeted) listener(message);
    const left = message.type === "hello" ? message.quota : message.type === "quota" ? message : null;
    if (left) this.takeQuota(left);
    if (message.type === "hello" || message.type === "role") {
      for (const listener of this.roleListeners) listener(message.role);
    }
    if (message.type === "hello" || message.type === "actions")
      this.availability.take(message.unavailable ?? []); // a server of the last version tells nothing
    if (message.type === "reviewed") {
      for (const listener of this.reviewedListeners) listener(message);
    }
    if (message.type === "conversation") {
      for (const listener of this.conversationListeners) listener(message.id);
    }
    if (message.type === "hello" || message.type === "comments") {
      // A server of the last version says nothing in its `hello`.
      const changed = message.type === "hello" ? { version: message.comments ?? 0, thread: null } : message;
      for (const listener of this.commentListeners) listener(changed);
    }
    this.change((known) => reduce(known, message));
  }

  private takeQuota(quota: Quota): void {
    this.resetsAt = quota.resets_at;
    for (const [action, until] of this.onSmaller)
      if (until !== quota.resets_at) this.onSmaller.delete(action);
    for (const listener of this.quotaListeners) listener(quota);
  }

  private hearPolicy(policy: PolicyInForce): void {
    this.known = policy;
    for (const listener of this.policyListeners) listener(policy);
  }

  private change(next: (known: Generations) => Generations): void {
    const before = this.generations;
    this.generations = next(before);
    if (this.generations === before) return;
    for (const [id, known] of this.generations) {
      if (before.get(id) !== known) this.took(known, before.get(id));
    }
  }

  private took(known: Generation, before: Generation | undefined): void {
    if (known.gap && !before?.gap) {
      this.socket.resume({ [known.id]: known.seq });
      return;
    }
    if (known.seq > 0 && before?.seq !== known.seq) this.socket.acknowledge(known.id, known.seq);
    for (const listener of this.listeners) listener(known, before);
    if (isOver(known) && !(before && isOver(before))) this.sendDecision(known);
  }

  private sendDecision(known: Generation): void {
    const decision = this.decisions.get(known.id);
    this.decisions.delete(known.id);
    if (decision && !(known.state === "cancelled" && decision.decision === "rejected"))
      this.socket.send(decision);
  }

  /** No event at all came: the server is away, or has lost the request. */
  private giveUp(id: string): void {
    const known = this.generations.get(id);
    if (known?.state !== "asked") return;
    this.socket.forget(id);
    this.socket.send({ type: "cancel", id });
    this.fail(known, "unanswered");
  }

  /** The first connection did not come in time: the server has heard of nothing that was asked. */
  private giveUpWaiting(): void {
    for (const known of this.generations.values()) {
      if (known.state !== "asked") continue;
      this.socket.forget(known.id);
      this.fail(known, "unreachable");
    }
  }

  private fail(known: Generation, code: string): void {
    const failure = { code, message: "", retryable: true, retryAfter: null, offer: null };
    this.change((generations) => new Map(generations).set(known.id, failed(known, failure)));
  }
}
