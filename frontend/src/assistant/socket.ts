/** The assistant's socket: one connection kept up, requests re-sent by id, missed events asked for again. */
import {
  ACK_DELAY_MS,
  ALIVE_MS,
  ASSISTANT_PING_MS,
  CHECK_MS,
  CONNECTING_MS,
  OFFLINE_AFTER_MS,
} from "../editor/limits";
import { CLOSE, isPermanent } from "../sockets/close-codes";
import { Reconnection } from "../sockets/reconnection";
import { openSocket } from "../sockets/transport";
import type { ClientMessage, Hello, ServerMessage } from "./messages";
import { Outbox } from "./outbox";

const SUBPROTOCOL = "interline.v1";

export interface AssistantSocketEvents {
  message(message: ServerMessage): void;
  /** After each `hello`: what is to be replayed. */
  resumePoints(): Record<string, number>;
  /** Whether requests can be made. A connection that comes back soon was never gone: what is asked meanwhile waits. */
  reachable(reachable: boolean): void;
}

export class AssistantSocket {
  private socket: WebSocket | null = null;
  private readonly reconnection: Reconnection;
  private readonly outbox = new Outbox();
  private rendered: Record<string, number> = {};
  private ackTimer: ReturnType<typeof setTimeout> | undefined;
  private pongTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly pingTimer: ReturnType<typeof setInterval>;
  private awayTimer: ReturnType<typeof setTimeout> | undefined;
  private greeted = false;
  /** Null while the first connection is made. */
  private reached: boolean | null = null;
  hello: Hello | null = null;

  constructor(
    private readonly url: string,
    private readonly events: AssistantSocketEvents,
  ) {
    this.reconnection = new Reconnection({ connect: () => this.connect(), check: () => this.ping(CHECK_MS) });
    this.pingTimer = setInterval(() => this.ping(ALIVE_MS), ASSISTANT_PING_MS);
    this.awayTimer = setTimeout(() => this.setReachable(false), CONNECTING_MS);
    this.connect();
  }

  /** What is asked while the first connection is made waits for it, as it does for one that comes back soon. */
  get isReachable(): boolean {
    return this.reached !== false;
  }

  /** Whether the first connection is still being made. */
  get isConnecting(): boolean {
    return this.reached === null;
  }

  /** Send now, or when there is a connection: in order, and each request once however often it is sent. */
  send(message: ClientMessage): void {
    this.outbox.put(message);
    if (this.greeted) this.write(message);
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

  /** Nobody waits any more for what was asked by this id. */
  forget(id: string): void {
    this.outbox.forget(id);
  }

  /** The document is left: what waits is dropped. */
  leave(): void {
    this.reconnection.stop();
    this.outbox.clear();
    clearInterval(this.pingTimer);
    clearTimeout(this.ackTimer);
    this.drop();
    this.setReachable(false);
  }

  private connect(): void {
    const socket = openSocket(this.url, [SUBPROTOCOL]);
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (socket === this.socket) this.receive(data);
    });
    socket.addEventListener("close", ({ code }) => {
      if (socket === this.socket) this.lost(code);
    });
  }

  private receive(data: unknown): void {
    clearTimeout(this.pongTimer);
    const message = parse(data);
    if (!message) return;
    this.outbox.hear(message);
    this.events.message(message);
    if (message.type === "hello") this.greet(message);
  }

  private greet(hello: Hello): void {
    this.hello = hello;
    this.greeted = true;
    this.reconnection.succeeded();
    this.resume(this.events.resumePoints());
    for (const message of this.outbox.waiting()) this.write(message);
    this.setReachable(true);
  }

  private lost(code: number): void {
    this.drop();
    if (isPermanent(code)) this.leave();
    else this.reconnection.lost(code);
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    clearTimeout(this.pongTimer);
    socket?.close();
    if (!this.greeted) return;
    this.greeted = false;
    this.awayTimer = setTimeout(() => this.setReachable(false), OFFLINE_AFTER_MS);
  }

  private setReachable(reachable: boolean): void {
    clearTimeout(this.awayTimer);
    if (this.reached === reachable) return;
    this.reached = reachable;
    this.events.reachable(reachable);
  }

  /** A ping without any answer means that the connection is dead, whatever the browser believes. */
  private ping(patience: number): void {
    if (!this.greeted) return;
    this.write({ type: "ping", nonce: Date.now() });
    clearTimeout(this.pongTimer);
    this.pongTimer = setTimeout(() => this.lost(CLOSE.abnormal), patience);
  }

  private write(message: ClientMessage): void {
    this.socket?.send(JSON.stringify(message));
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
