/** Calls of the REST interface. */
export type Ask = (method: string, path: string, options?: AskOptions) => Promise<Response>;

export interface AskOptions {
  /** Sent as JSON; a string as Markdown. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** What a list has, page by page. Filters that are undefined are left out. */
export async function* itemsOf<T>(
  ask: Ask,
  path: string,
  filters: Record<string, string | boolean | undefined> = {},
): AsyncGenerator<T> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) if (value !== undefined) query.set(name, String(value));
  for (let page = 1, pages = 1; page <= pages; page++) {
    query.set("page", String(page));
    const answer = (await (await ask("GET", `${path}?${query}`)).json()) as { items: T[]; pages: number };
    pages = answer.pages;
    yield* answer.items;
  }
}
