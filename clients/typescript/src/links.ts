/** A document's share links: whoever opens one, signed in, holds its role for as long as it stands. The owner's. */
import { type Ask, itemsOf } from "./rest.js";

export type LinkRole = "editor" | "commenter" | "viewer";

export interface ShareLink {
  id: string;
  role: LinkRole;
  /** What to hand over; null for a key that may only read. */
  url: string | null;
  has_password: boolean;
  is_expired: boolean;
  /** How many have opened it. */
  people: number;
  created_by: { id: string; name: string } | null;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}

export interface LinkTerms {
  /** Null: until it is revoked. */
  expiresAt?: Date | null;
  /** Null: none is asked for. */
  password?: string | null;
}

/** The links of one document. Iterating yields them, the oldest first, those that have expired among them. */
export class ShareLinks implements AsyncIterable<ShareLink> {
  constructor(
    private readonly ask: Ask,
    private readonly documentId: string,
  ) {}

  [Symbol.asyncIterator](): AsyncIterator<ShareLink> {
    return itemsOf<ShareLink>(this.ask, this.path);
  }

  async create(role: LinkRole, terms: LinkTerms = {}): Promise<ShareLink> {
    return (await this.ask("POST", this.path, { body: { role, ...wire(terms) } })).json();
  }

  /** Change what is given, at once for everybody; null takes the expiry or the password away. */
  async change(id: string, { role, ...terms }: LinkTerms & { role?: LinkRole }): Promise<ShareLink> {
    const body = { ...(role ? { role } : {}), ...wire(terms) };
    return (await this.ask("PATCH", `${this.path}${id}/`, { body })).json();
  }

  /** End at once what people hold by it, on open sockets too. */
  async revoke(id: string): Promise<void> {
    await this.ask("DELETE", `${this.path}${id}/`);
  }

  private get path(): string {
    return `/documents/${this.documentId}/links/`;
  }
}

function wire({ expiresAt, password }: LinkTerms): Record<string, string | null> {
  return {
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt?.toISOString() ?? null }),
    ...(password === undefined ? {} : { password }),
  };
}
