/** How a document read before. */
import { type Ask, itemsOf } from "./rest.js";

export type TextFormat = "markdown" | "html" | "text" | "json";
export type FileFormat = "docx" | "pdf";

interface Writer {
  id: string;
  name: string;
  color: string;
}

export interface Version {
  number: number;
  kind: "automatic" | "named" | "restored";
  name: string;
  created_at: string;
  /** Of what came since the version before. */
  authors: Writer[];
  made_by: Writer | null;
  restored_from: number | null;
}

export interface Restored {
  changed: boolean;
  /** The version that reads as the document did until now: restore it to undo this. */
  before: number;
  /** The version it reads as now; null where it read so already. */
  made: number | null;
}

/** The versions of one document. Iterating yields them, the newest first. */
export class Versions implements AsyncIterable<Version> {
  constructor(
    private readonly ask: Ask,
    private readonly documentId: string,
  ) {}

  [Symbol.asyncIterator](): AsyncIterator<Version> {
    return itemsOf<Version>(this.ask, this.path);
  }

  async get(number: number): Promise<Version> {
    return (await this.ask("GET", this.at(number))).json();
  }

  /** Name the document as it is now. Versions with a name stay. */
  async name(name: string): Promise<Version> {
    return (await this.ask("POST", this.path, { body: { name } })).json();
  }

  /** Give a version a name, another one, or (with "") none any more. */
  async rename(number: number, name: string): Promise<Version> {
    return (await this.ask("PATCH", this.at(number), { body: { name } })).json();
  }

  /** Remove a version for good. The owner's. */
  async remove(number: number): Promise<void> {
    await this.ask("DELETE", this.at(number));
  }

  /** What a version reads. */
  async readText(number: number, format: TextFormat = "markdown"): Promise<string> {
    return (await this.ask("GET", `${this.at(number)}?format=${format}`)).text();
  }

  /** A version as a Word or PDF file. */
  async readFile(number: number, format: FileFormat): Promise<Blob> {
    return (await this.ask("GET", `${this.at(number)}?format=${format}`)).blob();
  }

  /** Make the document read as this version does, by one more edit beside everybody's. */
  async restore(number: number): Promise<Restored> {
    return (await this.ask("POST", `${this.at(number)}restore`)).json();
  }

  private get path(): string {
    return `/documents/${this.documentId}/versions/`;
  }

  private at(number: number): string {
    return `${this.path}${number}/`;
  }
}
