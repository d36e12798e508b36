/** Comments as REST tells them, and what is said about them in words. */
import { call } from "../documents/api";

export interface Person {
  id: string;
  name: string;
  color: string;
}

export interface Comment {
  id: string;
  /** Null where the account is gone. */
  user: Person | null;
  body: string;
  mentions: Person[];
  state: "shown" | "removed" | "held" | "withheld";
  can_restore: boolean;
  created_at: string;
  edited_at: string | null;
}

/** Two encoded Yjs relative positions, and some characters on either side of the passage. */
export interface WireAnchor {
  start: string;
  end: string;
  before: string;
  after: string;
}

export interface Thread {
  id: string;
  /** Null: about the whole document. */
  anchor: WireAnchor | null;
  quote: string;
  created_at: string;
  resolved_at: string | null;
  resolved_by: Person | null;
  comments: Comment[];
}

export interface Words {
  id: string;
  body: string;
  mentions: string[];
}

const NOBODY = "A deleted account";

export function nameOf(user: Person | null): string {
  return user?.name ?? NOBODY;
}

interface Page<T> {
  items: T[];
  pages: number;
}

const PAGE_SIZE = 500;

/** Return a list that comes in pages, as a whole; `first` is what stood around the first page's items. */
export async function wholeList<T, P extends Page<T>>(path: string): Promise<{ first: P; items: T[] }> {
  const page = (number: number) => call<P>("GET", `${path}?page=${number}&page_size=${PAGE_SIZE}`);
  const first = await page(1);
  const items = [...first.items];
  for (let number = 2; number <= first.pages; number++) items.push(...(await page(number)).items);
  return { first, items };
}
