/**
 * The document's comments as this browser knows them: read over REST, and again whenever the assistant's socket says that
 * something changed. Each change has a version; a gap in the versions tells of one that was not heard of.
 */
import { call, Problem } from "../documents/api";
import { type Comment, type Person, type Thread, type WireAnchor, type Words, wholeList } from "./comment";

const RETRY_MS = 5_000;

/** `heard`: what others have said since the last change that was told. */
export type Listener = (heard: readonly { thread: Thread; comment: Comment }[]) => void;

export interface CommentsVersion {
  version: number;
  thread: string | null;
}

export class CommentStore {
  private threads = new Map<string, Thread>();
  private version: number | null = null;
  private readonly listeners = new Set<Listener>();
  private reading: Promise<void> | null = null;
  /** The latest version that the server has told of. */
  private told = 0;
  private everybody: Promise<Person[]> | null = null;
  private failed = false;

  /** `path`: of the document in REST, with a slash at its end. */
  constructor(
    private readonly path: string,
    private readonly me: string,
  ) {}

  /** Whether the threads were read at least once. */
  get isKnown(): boolean {
    return this.version !== null;
  }

  /** Whether they could not be read, and never were. */
  get isAway(): boolean {
    return this.failed && !this.isKnown;
  }

  all(): Thread[] {
    return [...this.threads.values()];
  }

  get(id: string): Thread | undefined {
    return this.threads.get(id);
  }

  follow(listener: Listener): void {
    this.listeners.add(listener);
  }

  /** Take in what the server says of the versions. */
  hear({ version, thread }: CommentsVersion): void {
    this.told = Math.max(this.told, version);
    if (this.reading) return; // looked at after it
    if (this.version === null) {
      this.load();
      return;
    }
    if (thread === null && version === this.version) return;
    const isNext = version === this.version + 1;
    if (thread !== null && (isNext || version <= this.version)) {
      this.version = Math.max(this.version, version);
      this.read(thread);
    } else this.load();
  }

  /** Read all threads; once more where the server has told of a later version meanwhile. */
  load(): Promise<void> {
    this.reading ??= this.readAll().finally(() => {
      this.reading = null;
    });
    return this.reading;
  }

  async begin(words: Words, anchor: WireAnchor | null, quote: string): Promise<Thread> {
    const thread = await call<Thread>("POST", `${this.path}comments/`, { ...words, anchor, quote });
    this.take(thread);
    return thread;
  }

  async reply(thread: string, words: Words): Promise<void> {
    await call<Comment>("POST", `${this.path}comments/${thread}/replies/`, words);
    await this.read(thread);
  }

  async edit(thread: string, comment: string, words: Omit<Words, "id">): Promise<void> {
    await call<Comment>("PATCH", this.at(thread, comment), words);
    await this.read(thread);
  }

  async remove(thread: string, comment: string): Promise<void> {
    await call<null>("DELETE", this.at(thread, comment));
    await this.read(thread);
  }

  async restore(thread: string, comment: string): Promise<void> {
    await call<Comment>("POST", `${this.at(thread, comment)}restore`);
    await this.read(thread);
  }

  async resolve(thread: string, resolved: boolean): Promise<void> {
    this.take(await call<Thread>("PATCH", `${this.path}comments/${thread}/`, { resolved }));
  }

  async move(thread: string, anchor: WireAnchor): Promise<void> {
    this.take(await call<Thread>("PATCH", `${this.path}comments/${thread}/`, { anchor }));
  }

  /** Who can be mentioned. */
  people(): Promise<Person[]> {
    this.everybody ??= wholeList<Person, { items: Person[]; pages: number }>(`${this.path}people/`).then(
      ({ items }) => items,
      () => {
        this.everybody = null;
        return [];
      },
    );
    return this.everybody;
  }

  reportPath(thread: string, comment: string): string {
    return `${this.at(thread, comment)}reports`;
  }

  private at(thread: string, comment: string): string {
    return `${this.path}comments/${thread}/replies/${comment}/`;
  }

  private async readAll(): Promise<void> {
    try {
      const read = () =>
        wholeList<Thread, { items: Thread[]; pages: number; version: number }>(`${this.path}comments/`);
      const before = await read();
      const { first, items } = before.first.version < this.told ? await read() : before;
      const wasKnown = this.isKnown;
      this.version = first.version;
      this.failed = false;
      this.change(new Map(items.map((thread) => [thread.id, thread])), wasKnown);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.failed = true;
      this.tell([]);
      // Without a connection the next `hello` has them read; this is for a server that only stumbled.
      if (error.status >= 500) setTimeout(() => this.load(), RETRY_MS);
    }
  }

  private async read(id: string): Promise<void> {
    try {
      this.take(await call<Thread>("GET", `${this.path}comments/${id}/`));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 404) this.drop(id);
      else this.version = -1; // the next word of the server has all of them read
    }
  }

  private take(thread: Thread): void {
    if (thread.comments.every(({ state }) => state === "removed")) this.drop(thread.id);
    else this.change(new Map(this.threads).set(thread.id, thread));
  }

  private drop(id: string): void {
    const left = new Map(this.threads);
    if (left.delete(id)) this.change(left);
  }

  private change(next: Map<string, Thread>, tellsNew = true): void {
    const before = this.threads;
    this.threads = next;
    this.tell(tellsNew ? this.heard(before) : []);
  }

  private tell(heard: readonly { thread: Thread; comment: Comment }[]): void {
    for (const listener of this.listeners) listener(heard);
  }

  private heard(before: ReadonlyMap<string, Thread>): { thread: Thread; comment: Comment }[] {
    const known = new Set([...before.values()].flatMap(({ comments }) => comments.map(({ id }) => id)));
    return this.all().flatMap((thread) =>
      thread.comments
        .filter(({ id, user, state }) => !known.has(id) && user?.id !== this.me && state === "shown")
        .map((comment) => ({ thread, comment })),
    );
  }
}
