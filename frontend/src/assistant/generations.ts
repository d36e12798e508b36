/**
 * What is known of every generation in the document: a pure reducer over the assistant's events.
 *
 * Events of a generation are numbered without gaps and may be replayed: what was seen is ignored, what comes too early
 * marks a gap, which `resume` fills.
 */
import type {
  Citation,
  Decided,
  Edit,
  Hello,
  Note,
  Offer,
  OpenGeneration,
  Person,
  ServerMessage,
} from "./messages";

export type GenerationState = "asked" | "streaming" | "done" | "failed" | "cancelled";

export interface Generation {
  id: string;
  action: string;
  user: Person | null;
  anchor: unknown;
  model: string;
  demo: boolean;
  text: string;
  seq: number;
  state: GenerationState;
  /** What came last is held back until it is clear what it is. */
  held: boolean;
  /** The conversation it is an answer in. */
  conversation: string | null;
  /** Events are missing before one that arrived: ask for them. */
  gap: boolean;
  /** Why it failed, in words. */
  failure: Failure | null;
  /** What was decided about the whole of it. */
  decision: string | null;
  /** Proposed replacements, in the order in which they came. */
  edits: readonly Edit[];
  /** What it says that it used, in the order in which that came. */
  citations: readonly Citation[];
  /** What is to be known of the text that it was made from. */
  notes: readonly Note[];
  /** A reviewer removed it. */
  withdrawn: boolean;
  /** What was decided about each edit, by its id. */
  decided: ReadonlyMap<string, EditDecision>;
}

export interface Failure {
  code: string;
  message: string;
  retryable: boolean;
  retryAfter: number | null;
  /** What can be had instead. */
  offer: Offer | null;
}

export interface EditDecision {
  decision: Decided["decision"];
  user: Person;
}

export type Generations = ReadonlyMap<string, Generation>;

export function asked(id: string, action: string, user: Person, anchor: unknown): Generation {
  return { ...unknown(id), action, user, anchor };
}

function unknown(id: string): Generation {
  return {
    id,
    action: "",
    user: null,
    anchor: null,
    model: "",
    demo: false,
    text: "",
    seq: 0,
    state: "asked",
    held: false,
    gap: false,
    conversation: null,
    failure: null,
    decision: null,
    edits: [],
    citations: [],
    notes: [],
    decided: new Map(),
    withdrawn: false,
  };
}

/** A generation that failed here, without the server's word. */
export function failed(known: Generation, failure: Failure): Generation {
  return { ...known, state: "failed", failure };
}

/** Return what is known after one message; the same object when nothing changed. */
export function reduce(generations: Generations, message: ServerMessage): Generations {
  if (message.type === "hello") return reduceHello(generations, message);
  if (message.type === "withdrawn") {
    const known = generations.get(message.id);
    return known ? put(generations, withdraw(known)) : generations;
  }
  if (message.type === "error") {
    const known = message.id ? generations.get(message.id) : undefined;
    // It was removed while this page was not connected: so a replay, or a decision, is answered.
    if (known && known.state !== "asked" && message.code === "blocked_output")
      return put(generations, withdraw(known));
    if (known?.state !== "asked") return generations;
    return put(generations, { ...known, state: "failed", failure: failure(message) });
  }
  if (!("seq" in message)) return generations;
  const known = generations.get(message.id) ?? unknown(message.id);
  const span = (message.type === "chunk" && message.span) || 1;
  if (message.seq <= known.seq) return generations;
  // Too early, or (a coalesced chunk) beginning before what was seen: only a replay from our position is safe.
  if (message.seq - span !== known.seq)
    return known.gap ? generations : put(generations, { ...known, gap: true });
  const now = known.withdrawn ? known : apply(known, message); // what was on its way when it was removed
  return put(generations, { ...now, seq: message.seq, gap: false });
}

type GenerationEvent = Extract<ServerMessage, { seq: number }>;

function apply(known: Generation, event: GenerationEvent): Generation {
  switch (event.type) {
    case "started":
      return {
        ...known,
        action: event.action,
        user: event.user,
        anchor: event.anchor,
        model: event.model,
        demo: event.demo,
        conversation: event.conversation ?? null,
        state: "streaming",
      };
    case "chunk":
      return { ...known, text: known.text + event.text, state: "streaming", held: false };
    case "status":
      return { ...known, model: event.model ?? known.model, held: event.state === "held" };
    case "done":
      return { ...known, state: "done", held: false, notes: event.notes ?? [] };
    case "failed":
      return { ...known, state: "failed", held: false, failure: failure(event) };
    case "cancelled":
      return { ...known, state: "cancelled", held: false };
    case "decided":
      return decide(known, event);
    case "edit":
      return { ...known, edits: [...known.edits, event] };
    case "citation":
      return { ...known, citations: [...known.citations, event] };
    default:
      return known;
  }
}

function decide(known: Generation, { edit_id, decision, user }: Decided): Generation {
  if (!edit_id) return { ...known, decision };
  return { ...known, decided: new Map(known.decided).set(edit_id, { decision, user }) };
}

/** A reviewer removed it: nothing of it is to be seen any more. */
function withdraw(known: Generation): Generation {
  return {
    ...known,
    state: "failed",
    held: false,
    text: "",
    edits: [],
    citations: [],
    notes: [],
    decision: "rejected",
    failure: failure({ code: "withdrawn", message: "A reviewer removed this answer." }),
    withdrawn: true,
  };
}

function failure(event: {
  code: string;
  message: string;
  retryable?: boolean;
  retry_after?: number | null;
  offer?: Offer | null;
}): Failure {
  return {
    code: event.code,
    message: event.message,
    retryable: event.retryable ?? false,
    retryAfter: event.retry_after ?? null,
    offer: event.offer ?? null,
  };
}

/** Those that run or wait for a decision and that we have not heard of are taken in; their events come by `resume`. */
function reduceHello(generations: Generations, hello: Hello): Generations {
  const next = new Map(generations);
  for (const open of [...hello.open, ...(hello.undecided ?? [])]) {
    const known = next.get(open.id);
    if (!known) next.set(open.id, fromOpen(open));
    else if (open.seq > known.seq) next.set(open.id, { ...known, gap: true });
  }
  return next;
}

function fromOpen(open: OpenGeneration): Generation {
  return {
    ...unknown(open.id),
    action: open.action,
    user: open.user,
    anchor: open.anchor,
    conversation: open.conversation ?? null,
    gap: open.seq > 0,
  };
}

function put(generations: Generations, generation: Generation): Generations {
  return new Map(generations).set(generation.id, generation);
}

export function isOver(generation: Generation): boolean {
  return generation.state === "done" || generation.state === "failed" || generation.state === "cancelled";
}

/**
 * What to ask the server to replay: everything that may still have events, from the last one seen. Not what was only asked
 * for: the request itself is sent again, and answered with a replay where the server knows it.
 */
export function resumePoints(generations: Generations): Record<string, number> {
  const points: Record<string, number> = {};
  for (const generation of generations.values()) {
    if (generation.state === "asked" && !generation.gap) continue;
    const settled = generation.decision !== null || isEachDecided(generation);
    const waits = generation.state === "done" && !settled;
    if (waits || !isOver(generation)) points[generation.id] = generation.seq;
  }
  return points;
}

/** Whether it consists of edits and somebody has decided about every one. */
function isEachDecided({ edits, decided }: Generation): boolean {
  return edits.length > 0 && edits.every((edit) => decided.has(edit.edit_id));
}
