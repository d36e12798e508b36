/** A story's sheet as the server keeps it: who and what is in the story, read from the text and written by people. */
import { call } from "../documents/api";

export const KINDS = ["character", "place", "thread"] as const;
export type Kind = (typeof KINDS)[number];

export const KIND_WORDS: Record<Kind, { one: string; several: string }> = {
  character: { one: "Character", several: "Characters" },
  place: { one: "Place", several: "Places" },
  thread: { one: "Thread", several: "Threads" },
};

/** As the server's `ASSISTANT_SHEET_NAME_MAX_CHARACTERS` and `ASSISTANT_SHEET_NOTE_MAX_CHARACTERS`. */
export const NAME_MAX_CHARACTERS = 120;
export const NOTE_MAX_CHARACTERS = 1000;

export interface Content {
  kind: Kind;
  name: string;
  note: string;
}

export interface Entry extends Content {
  id: number;
  /** Somebody wrote or changed it: the text does not change it any more. */
  by_person: boolean;
}

export interface Sheet {
  entries: Entry[];
  /** When the text was last read; null before. */
  read_at: string | null;
  reading: boolean;
}

export interface Changes {
  add?: Content[];
  change?: (Partial<Content> & { id: number })[];
  remove?: number[];
}

export class SheetStore {
  /** As it was last seen. */
  known: Sheet | null = null;
  private readonly path: string;
  private turn = 0;

  constructor(document: string) {
    this.path = `/api/v1/documents/${document}/story`;
  }

  find(id: number): Entry | undefined {
    return this.known?.entries.find((entry) => entry.id === id);
  }

  named({ kind, name }: Content): Entry | undefined {
    return this.known?.entries.find(
      (entry) => entry.kind === kind && entry.name.toLowerCase() === name.toLowerCase(),
    );
  }

  /** Read it again. Throws Problem. */
  load(): Promise<void> {
    return this.take(call<Sheet>("GET", this.path));
  }

  /** Change it; without changes the text begins to be read for it. Throws Problem. */
  change(changes: Changes): Promise<void> {
    return this.take(call<Sheet>("PATCH", this.path, changes));
  }

  /** An answer that was overtaken by a later one is old. */
  private async take(answer: Promise<Sheet>): Promise<void> {
    this.turn += 1;
    const turn = this.turn;
    const sheet = await answer;
    if (turn === this.turn) this.known = sheet;
  }
}
