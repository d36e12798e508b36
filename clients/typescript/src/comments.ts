/** What is said about a document's passages, in threads. */
import { type Ask, itemsOf } from "./rest.js";

export interface Commenter {
  id: string;
  name: string;
  color: string;
}

export interface Comment {
  id: string;
  /** Null where the account is gone. */
  user: Commenter | null;
  /** Empty unless the state is `shown`. */
  body: string;
  mentions: Commenter[];
  state: "shown" | "removed" | "held" | "withheld";
  can_restore: boolean;
  created_at: string;
  edited_at: string | null;
}

/** Two Yjs relative positions in base64, and some characters on either side. */
export interface CommentAnchor {
  start: string;
  end: string;
  before?: string;
  after?: string;
}

export interface Thread {
  id: string;
  /** Null where the whole document is meant. */
  anchor: CommentAnchor | null;
  /** What stood there when it began. */
  quote: string;
  created_at: string;
  resolved_at: string | null;
  resolved_by: Commenter | null;
  /** The oldest first; the first one has the thread's id. */
  comments: Comment[];
}

export interface SayOptions {
  /** The comment's id: sent again with it, the same is said once. */
  id?: string;
  /** Ids of people in the document, who are mailed; see `people`. */
  mentions?: string[];
}

/** The threads of one document. */
export class Comments {
  constructor(
    private readonly ask: Ask,
    private readonly documentId: string,
  ) {}

  /** The threads, the oldest first; with `resolved`, only those that are, or are not. */
  threads(filter: { resolved?: boolean } = {}): AsyncGenerator<Thread> {
    return itemsOf<Thread>(this.ask, this.path, { resolved: filter.resolved });
  }

  async get(thread: string): Promise<Thread> {
    return (await this.ask("GET", `${this.path}${thread}/`)).json();
  }

  /** Who can be mentioned. */
  people(): AsyncGenerator<Commenter> {
    return itemsOf<Commenter>(this.ask, `/documents/${this.documentId}/people/`);
  }

  /** Begin a thread, about the whole document or the passage at `anchor`. */
  async begin(
    body: string,
    { anchor = null, quote = "", ...options }: SayOptions & { anchor?: CommentAnchor | null; quote?: string } = {},
  ): Promise<Thread> {
    return (await this.ask("POST", this.path, { body: { ...said(body, options), anchor, quote } })).json();
  }

  /** Say something in a thread; a resolved one is open again. */
  async reply(thread: string, body: string, options: SayOptions = {}): Promise<Comment> {
    return (await this.ask("POST", `${this.path}${thread}/replies/`, { body: said(body, options) })).json();
  }

  /** Say in other words what one has said oneself. */
  async edit(thread: string, comment: string, body: string, mentions: string[] = []): Promise<Comment> {
    return (await this.ask("PATCH", this.at(thread, comment), { body: { body, mentions } })).json();
  }

  /** Remove what one has said oneself, or as an owner anything. */
  async remove(thread: string, comment: string): Promise<void> {
    await this.ask("DELETE", this.at(thread, comment));
  }

  /** Have a removed comment back. */
  async restore(thread: string, comment: string): Promise<Comment> {
    return (await this.ask("POST", `${this.at(thread, comment)}restore`)).json();
  }

  /** Resolve a thread, or open it again. */
  async resolve(thread: string, resolved = true): Promise<Thread> {
    return (await this.ask("PATCH", `${this.path}${thread}/`, { body: { resolved } })).json();
  }

  private get path(): string {
    return `/documents/${this.documentId}/comments/`;
  }

  private at(thread: string, comment: string): string {
    return `${this.path}${thread}/replies/${comment}/`;
  }
}

function said(body: string, { id = crypto.randomUUID(), mentions = [] }: SayOptions): Record<string, unknown> {
  return { id, body, mentions };
}
