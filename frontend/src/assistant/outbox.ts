/**
 * What was asked of the assistant and not answered yet. Whatever happened to the connection meanwhile, sending all of it
 * again is safe: the server knows requests by their ids.
 */
import type { Cancel, ClientMessage, Decide, Generate, ServerMessage } from "./messages";

type Request = Generate | Cancel | Decide;

const ENDS: readonly string[] = ["done", "failed", "cancelled"];

export class Outbox {
  /** In the order in which they were asked. */
  private readonly requests = new Map<string, Request>();

  put(message: ClientMessage): void {
    if (message.type !== "generate" && message.type !== "cancel" && message.type !== "decide") return;
    const key = keyOf(message);
    if (message.type === "decide") this.requests.delete(key); // the last word counts, in its place
    if (!this.requests.has(key)) this.requests.set(key, message);
  }

  /** Drop what `message` answers. */
  hear(message: ServerMessage): void {
    if (!("id" in message) || !message.id) return;
    for (const [key, request] of this.requests) {
      if (request.id === message.id && answers(message, request)) this.requests.delete(key);
    }
  }

  /** Drop the request for a generation, and nothing else that was said of it. */
  forget(id: string): void {
    this.requests.delete(keyOf({ type: "generate", id }));
  }

  waiting(): Request[] {
    return [...this.requests.values()];
  }

  clear(): void {
    this.requests.clear();
  }
}

function keyOf(request: Pick<Request, "type" | "id"> & { edit_id?: string | null }): string {
  return `${request.type} ${request.id} ${request.edit_id ?? ""}`;
}

function answers(message: ServerMessage, request: Request): boolean {
  if (message.type === "error" || request.type === "generate") return true;
  if (request.type === "cancel") return ENDS.includes(message.type);
  return message.type === "decided" && (message.edit_id ?? null) === (request.edit_id ?? null);
}
