/** Edits that no server took before their writer's role was taken away: they stay in this browser, to be saved as a file. */
import * as Y from "yjs";
import { copyName, holdsUnsent } from "./forget";
import { LocalCopy } from "./local-copy";

export interface LeftBehind {
  /** The document as it was here, with those edits. */
  document: Y.Doc;
  forget(): Promise<void>;
}

/** What is left of the person's edits of a document; null where the server got all of them. */
export async function findLeftBehind(userId: string, documentId: string): Promise<LeftBehind | null> {
  const name = copyName(userId, documentId);
  const databases = await indexedDB.databases().catch(() => []); // opening one that is not there would make it
  if (!databases.some((database) => database.name === name) || !(await holdsUnsent(name))) return null;
  const document = new Y.Doc();
  const copy = new LocalCopy(userId, documentId, document);
  return (await copy.loaded) && { document, forget: () => copy.forget() };
}
