/** Documents, and the way to their links, comments and versions, to generations and live text. */
import { Comments } from "./comments.js";
import { throwProblem } from "./errors.js";
import { Generation } from "./generation.js";
import { ShareLinks } from "./links.js";
import type { Generate, GenerationInput } from "./messages.js";
import { type Ask, itemsOf } from "./rest.js";
import { type OpenOptions, SharedText } from "./shared-text.js";
import { type FileFormat, type TextFormat, Versions } from "./versions.js";

export interface DocumentSummary {
  id: string;
  title: string;
  role: "owner" | "editor" | "commenter" | "viewer";
  word_count: number;
  created_at: string;
  edited_at: string;
}

/** A document's text at one moment. Hand `version` back with what was changed, and nobody's words are lost. */
export interface DocumentText {
  text: string;
  version: string;
}

export interface InterlineOptions {
  /** An API key; in a page of the site itself leave it out: the session is used. */
  key?: string;
}

export interface GenerateOptions {
  /** The request's id: the same one again starts nothing. */
  id?: string;
  visibility?: Generate["visibility"];
  options?: Generate["options"];
}

export class Interline {
  private readonly url: string;

  constructor(
    url: string,
    private readonly options: InterlineOptions = {},
  ) {
    this.url = url.replace(/\/+$/, "");
  }

  /** Make a document that begins with `markdown`. */
  async createDocument(title = "", markdown = ""): Promise<DocumentSummary> {
    const body = markdown ? { title, markdown } : { title };
    return (await this.ask("POST", "/documents/", { body })).json();
  }

  async getDocument(id: string): Promise<DocumentSummary> {
    return (await this.ask("GET", `/documents/${id}/`)).json();
  }

  /** Every document outside the trash, those whose title or text has `query`; page by page. */
  documents(query = ""): AsyncGenerator<DocumentSummary> {
    return itemsOf<DocumentSummary>(this.ask, "/documents/", { q: query });
  }

  async renameDocument(id: string, title: string): Promise<DocumentSummary> {
    return (await this.ask("PATCH", `/documents/${id}/`, { body: { title } })).json();
  }

  async trashDocument(id: string): Promise<void> {
    await this.ask("DELETE", `/documents/${id}/`);
  }

  /** What is committed of a document now. */
  async readText(id: string, format: TextFormat = "markdown"): Promise<DocumentText> {
    const answer = await this.ask("GET", `/documents/${id}/content?format=${format}`);
    return { text: await answer.text(), version: answer.headers.get("ETag") ?? "" };
  }

  /** What is committed of a document now, as a Word or PDF file. */
  async readFile(id: string, format: FileFormat): Promise<Blob> {
    return (await this.ask("GET", `/documents/${id}/content?format=${format}`)).blob();
  }

  /**
   * Merge a changed text into the live document, as one edit; resolves to its new version. With the `version` of the text
   * that was changed, what others wrote since stays; without, what `markdown` lacks of the present text is removed.
   */
  async writeMarkdown(id: string, markdown: string, version = ""): Promise<string> {
    const headers: Record<string, string> = version ? { "If-Match": version } : {};
    const answer = await this.ask("PUT", `/documents/${id}/content`, { body: markdown, headers });
    return answer.headers.get("ETag") ?? "";
  }

  /** Give somebody a role. */
  async shareDocument(id: string, email: string, role: DocumentSummary["role"]): Promise<void> {
    await this.ask("POST", `/documents/${id}/members/`, { body: { email, role } });
  }

  /** A document's share links. */
  links(id: string): ShareLinks {
    return new ShareLinks(this.ask, id);
  }

  /** What is said about a document. */
  comments(id: string): Comments {
    return new Comments(this.ask, id);
  }

  /** How a document read before. */
  versions(id: string): Versions {
    return new Versions(this.ask, id);
  }

  async generate(
    documentId: string,
    action: string,
    input: GenerationInput,
    { id = crypto.randomUUID(), visibility = "shared", options = {} }: GenerateOptions = {},
  ): Promise<Generation> {
    await this.ask("POST", `/documents/${documentId}/generations/`, {
      body: { id, action, input, visibility, options },
    });
    return this.generation(id);
  }

  /** A generation that somebody started, to be followed from its beginning. */
  generation(id: string): Generation {
    return new Generation(this.ask, id);
  }

  /** Open a document's text, kept in step with everybody's until `close`. Resolves when it is here. */
  open(id: string, options: OpenOptions = {}): Promise<SharedText> {
    const token = async () => {
      const answer = await this.ask("POST", "/tokens", { body: { document: id } });
      return ((await answer.json()) as { token: string }).token;
    };
    return SharedText.open(`${this.url.replace(/^http/, "ws")}/ws/sync`, id, token, options);
  }

  private readonly ask: Ask = async (method, path, { body, headers, signal } = {}) => {
    const request: RequestInit = { method, headers: { ...headers } };
    const own = request.headers as Record<string, string>;
    if (this.options.key) own.Authorization = `Bearer ${this.options.key}`;
    else if (method !== "GET") own["X-CSRFToken"] = csrfToken();
    if (body !== undefined) {
      const isText = typeof body === "string";
      own["Content-Type"] = isText ? "text/markdown" : "application/json";
      request.body = isText ? body : JSON.stringify(body);
    }
    if (signal) request.signal = signal;
    const answer = await fetch(`${this.url}/api/v1${path}`, request);
    await throwProblem(answer);
    return answer;
  };
}

function csrfToken(): string {
  return /(?:^|; )csrftoken[^=]*=([^;]+)/.exec(globalThis.document?.cookie ?? "")?.[1] ?? "";
}
