/** Conversations about the document, as the server keeps them. */
import type { Person } from "../assistant/messages";
import { call } from "../documents/api";
import type { Turn } from "./thread";

export interface Conversation {
  id: string;
  /** Empty until somebody gave one or asked. */
  title: string;
  visibility: "shared" | "private";
  user: Person;
  own: boolean;
  created_at: string;
  asked_at: string;
}

export const TITLE_MAX_CHARACTERS = 120;

export interface ConversationPage {
  items: Conversation[];
  page: number;
  pages: number;
}

export class Conversations {
  /** `documents`: the path of the documents' pages, `id` the document's. */
  constructor(id: string) {
    this.root = `/api/v1/documents/${id}/conversations/`;
  }

  private readonly root: string;

  list(page = 1): Promise<ConversationPage> {
    return call<ConversationPage>("GET", `${this.root}?page=${page}`);
  }

  read(id: string): Promise<Conversation> {
    return call<Conversation>("GET", `${this.root}${id}/`);
  }

  begin(visibility: Conversation["visibility"]): Promise<Conversation> {
    return call<Conversation>("POST", this.root, { visibility });
  }

  rename(id: string, title: string): Promise<Conversation> {
    return call<Conversation>("PATCH", `${this.root}${id}/`, { title });
  }

  setVisibility(id: string, visibility: Conversation["visibility"]): Promise<Conversation> {
    return call<Conversation>("PATCH", `${this.root}${id}/`, { visibility });
  }

  remove(id: string): Promise<null> {
    return call<null>("DELETE", `${this.root}${id}/`);
  }

  restore(id: string): Promise<Conversation> {
    return call<Conversation>("POST", `${this.root}${id}/restore`);
  }

  /** The latest turns, or those before the turn `before`; oldest first. */
  turns(id: string, before?: string): Promise<{ items: Turn[]; more: boolean }> {
    return call("GET", `${this.root}${id}/messages/${before ? `?before=${before}` : ""}`);
  }

  turn(id: string, turn: string): Promise<Turn> {
    return call<Turn>("GET", `${this.root}${id}/messages/${turn}/`);
  }
}

export function titleOf({ title }: Conversation): string {
  return title || "New conversation";
}
