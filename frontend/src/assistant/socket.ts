/** The assistant's socket: one connection kept up, requests re-sent by id, missed events asked for again. */
import { WebSocket as ReconnectingSocket } from "partysocket";
import { CLOSE } from "../collaboration/status";
import { ACK_DELAY_MS, ASSISTANT_PING_MS } from "../editor/limits";
import type { ClientMessage, Generate, Hello, ServerMessage } from "./messages";

const SUBPROTOCOL = "interline.v1";
const PERMANENT: readonly number[] = Object.values(CLOSE);
/** A ping without any answer for as long means that the connection is dead. */
const PONG_TIMEOUT_MS = 10_000;

export interface AssistantSocketEvents {
  message(message: ServerMessage): void;
  /** After each `hello`: what is to be replayed. */
  resumePoints(): Record<string, number>;
  /** Whether requests can be sent now. */
  reachable(reachable: boolean): void;
}

export class AssistantSocket {
  private readonly socket: ReconnectingSocket;
  /** Requests without an answer yet: sent again by id after a reconnect, which starts nothing twice. */
  private readonly unanswered = new Map<string, Generate>();
  /** Other messages that wait for a connection. */
  private waiting: ClientMessage[] = [];
  private rendered: Record<string, number> = {};
  private ackTimer: ReturnType<typeof setTimeout> | undefined;
  private pongTimer: ReturnType<typeof setTimeout> | undefined;
  private greeted = false;
  hello: Hello | null = null;

  constructor(
    url: string,
    private readonly events: AssistantSocketEvents,
  ) {
    this.socket = new ReconnectingSocket(url, SUBPROTOCOL, {
      minReconnectionDelay: 500 + Math.random() * 1000,
      maxReconnectionDelay: 15_000,
      maxEnqueuedMessages: 0, // the outbox is ours: a request is re-sent by id after `hello`, not replayed blindly
      shouldReconnectOnClose: ({ code }) => !PERMANENT.includes(code),
    });
    this.socket.addEventListener("message", ({ data }) => this.receive(data));
    this.socket.addEventListener("close", () => this.lost());
    setInterval(() => this.ping(), ASSISTANT_PING_MS);
  }

  get isReachable(): boolean {
    return this.greeted;
  }

  send(message: ClientMessage): void {
    if (message.type === "generate") this.unanswered.set(message.id, message);
    if (this.greeted) this.write(message);
    else if (message.type !== "generate") this.waiting.push(message);
  }

  /** Tell the server how far a generation is drawn: it keeps only so many events in flight. */
  acknowledge(id: string, seq: number): void {
    this.rendered[id] = seq;
    this.ackTimer ??= setTimeout(() => {
      this.ackTimer = undefined;
      if (this.greeted) this.write({ type: "ack", after: this.rendered });
      this.rendered = {};
    }, ACK_DELAY_MS);
  }

  /** Ask for events that are missing. */
  resume(after: Record<string, number>): void {
    if (this.greeted && Object.keys(after).length > 0) this.write({ type: "resume", after });
  }

  /** The request has been answered, or nobody waits for it any more. */
  forget(id: string): void {
    this.unanswered.delete(id);
  }

  private receive(data: unknown): void {
    clearTimeout(this.pongTimer);
    const message = parse(data);
    if (!message) return;
    if ("id" in message && message.id) this.forget(message.id);
    this.events.message(message);
    if (message.type === "hello") this.greet(message);
  }

  private greet(hello: Hello): void {
    this.hello = hello;
    this.greeted = true;
    this.resume(this.events.resumePoints());
    for (const request of this.unanswered.values()) this.write(request);
    for (const message of this.waiting.splice(0)) this.write(message);
    this.events.reachable(true);
  }

  private lost(): void {
    clearTimeout(this.pongTimer);
    if (!this.greeted) return;
    this.greeted = false;
    this.events.reachable(false);
  }

  private ping(): void {
    if (!this.greeted) return;
    this.write({ type: "ping", nonce: Date.now() });
    clearTimeout(this.pongTimer);
    this.pongTimer = setTimeout(() => this.socket.reconnect(), PONG_TIMEOUT_MS);
  }

  private write(message: ClientMessage): void {
    this.socket.send(JSON.stringify(message));
  }
}

function parse(data: unknown): ServerMessage | null {
  if (typeof data !== "string") return null;
  try {
    const message = JSON.parse(data) as ServerMessage;
    return typeof message?.type === "string" ? message : null;
  } catch {
    return null;
  }
}
