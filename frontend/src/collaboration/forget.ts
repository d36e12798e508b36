/**
 * The browser's own copies of documents, when their owner signs out: the next person at this browser finds none.
 * Only copies with edits that the server never got stay, under their owner's name; they are sent at the next visit.
 */

const COPY_PREFIX = "interline:";
export const UNSENT = "unsent";
/** Of y-indexeddb: where a copy keeps single values. */
const VALUES = "custom";
const PATIENCE_MS = 1500;

/** The name of the database with a person's copy of a document. */
export function copyName(userId: string, documentId: string): string {
  return `${COPY_PREFIX}${userId}:${documentId}`;
}

/** Delete the copies before the sign-out form is sent, and send it whatever happens to them. */
export function forgetCopiesOnSignOut(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>('form[action$="/accounts/logout/"]')) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      await Promise.race([forgetCopies(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
      form.submit();
    });
  }
}

async function forgetCopies(): Promise<void> {
  const databases = await indexedDB.databases().catch(() => []);
  const names = databases.map(({ name }) => name ?? "").filter((name) => name.startsWith(COPY_PREFIX));
  await Promise.all(
    names.map(async (name) => (await holdsUnsent(name)) || settled(indexedDB.deleteDatabase(name))),
  );
}

/** Whether the copy of this name, which is there, has edits that the server never got. */
export async function holdsUnsent(name: string): Promise<boolean> {
  const database = await settled(indexedDB.open(name));
  if (!database) return true;
  try {
    if (!database.objectStoreNames.contains(VALUES)) return false;
    return Boolean(await settled(database.transaction(VALUES).objectStore(VALUES).get(UNSENT)));
  } finally {
    database.close();
  }
}

/** The request's result; undefined where it failed. */
function settled<T>(request: IDBRequest<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(undefined);
  });
}
