/** The browser's own copy of a document (IndexedDB), so that edits made offline outlive the page. */
import { IndexeddbPersistence } from "y-indexeddb";
import type * as Y from "yjs";
import { copyName, UNSENT } from "./forget";

export class LocalCopy {
  private readonly persistence: IndexeddbPersistence;
  /** What the copy held when the page opened; null where the browser gives us no storage. */
  readonly loaded: Promise<{ unsent: boolean } | null>;

  constructor(userId: string, documentId: string, document: Y.Doc) {
    this.persistence = new IndexeddbPersistence(copyName(userId, documentId), document);
    this.loaded = this.load().catch(() => null);
  }

  /** The origin of the transaction that loads the copy. */
  get origin(): unknown {
    return this.persistence;
  }

  private async load(): Promise<{ unsent: boolean }> {
    // `whenSynced` never settles where the database cannot be opened (a private window); `get` rejects then.
    const unsent = await this.persistence.get(UNSENT);
    await this.persistence.whenSynced;
    return { unsent: Boolean(unsent) };
  }

  /** Remember beyond this page whether the copy holds edits that the server has not committed. */
  markUnsent(unsent: boolean): void {
    this.persistence.set(UNSENT, unsent ? 1 : 0).catch(() => undefined);
  }

  async forget(): Promise<void> {
    await this.persistence.clearData().catch(() => undefined);
  }
}
