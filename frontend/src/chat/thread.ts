/**
 * A conversation as a tree of turns, and the one thread of it that is looked at.
 *
 * Asking again or editing a question makes a sibling; nothing is overwritten, and each reader sees the thread they
 * chose.
 */
import type { Note, Person } from "../assistant/messages";

export type TurnState = "asked" | "queued" | "running" | "done" | "failed" | "cancelled";

/** A question with its answer, as `GET …/messages/` gives it. `id` is the answer's generation. */
export interface Turn {
  id: string;
  parent: string | null;
  user: Person;
  question: string;
  quote: string;
  about: string | null;
  state: TurnState;
  /** What comes next is held back until it is clear what it is. Not of what the server stored. */
  held?: boolean;
  text: string;
  model: string;
  demo: boolean;
  failure: { code: string; message: string; retryable: boolean } | null;
  /** What is to be known of the text that it was made from. A server of the last version says nothing of it. */
  notes?: readonly Note[];
  created_at: string;
}

export function isRunning({ state }: Turn): boolean {
  return state === "asked" || state === "queued" || state === "running";
}

export class Thread {
  /** In the order in which they were asked. */
  private readonly turns = new Map<string, Turn>();
  private leaf: string | null = null;

  get(id: string): Turn | undefined {
    return this.turns.get(id);
  }

  get isEmpty(): boolean {
    return this.turns.size === 0;
  }

  /** The id of the first turn that is known. */
  get first(): string | null {
    return this.turns.keys().next().value ?? null;
  }

  /** Take in older turns, in order, before those that are known. */
  prepend(older: readonly Turn[]): void {
    const known = [...this.turns.values()];
    this.turns.clear();
    for (const turn of [...older, ...known]) this.turns.set(turn.id, turn);
    this.leaf ??= this.last();
  }

  /** Take in the latest turns as the server knows them. What follows on from the thread in view comes into view. */
  merge(latest: readonly Turn[]): void {
    for (const turn of latest) this.put(turn);
  }

  /** Take in one turn, new or changed; `follow`: look at it, whatever was looked at before. */
  put(turn: Turn, { follow = false } = {}): void {
    const isNew = !this.turns.has(turn.id);
    this.turns.set(turn.id, turn);
    if (follow || (isNew && turn.parent === this.leaf) || this.leaf === null) this.leaf = turn.id;
  }

  /** Forget a turn that the server never took. */
  remove(id: string): void {
    const gone = this.turns.get(id);
    this.turns.delete(id);
    if (gone && this.leaf === id) {
      const sibling = [...this.turns.values()].findLast(({ parent }) => parent === gone.parent);
      this.leaf = sibling ? this.leafUnder(sibling.id) : gone.parent;
    }
  }

  /** The thread in view, oldest first, as far back as its turns are known. */
  path(): Turn[] {
    const path: Turn[] = [];
    let turn = this.leaf ? this.turns.get(this.leaf) : undefined;
    while (turn) {
      path.unshift(turn);
      turn = turn.parent ? this.turns.get(turn.parent) : undefined;
    }
    return path;
  }

  /** The turns that stand in the same place, this one among them. */
  siblings({ parent }: Turn): Turn[] {
    return [...this.turns.values()].filter((turn) => turn.parent === parent);
  }

  /** Look at the latest thread through this turn. */
  choose(id: string): void {
    if (this.turns.has(id)) this.leaf = this.leafUnder(id);
  }

  private leafUnder(id: string): string {
    const child = [...this.turns.values()].findLast(({ parent }) => parent === id);
    return child ? this.leafUnder(child.id) : id;
  }

  private last(): string | null {
    return [...this.turns.keys()].at(-1) ?? null;
  }
}
