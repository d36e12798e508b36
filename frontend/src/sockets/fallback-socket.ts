/**
 * A socket over plain HTTP, with the interface of a WebSocket: the same frames, numbered, so that a cut request loses and
 * doubles nothing. Read as one long stream; by long polls where somebody on the way holds streams back, and by short ones
 * while the page is hidden, because a browser has few connections to a host. Described in docs/fallback.md.
 */
import { fromBase64, toBase64 } from "lib0/buffer";
import {
  FALLBACK_ACK_BYTES,
  FALLBACK_ACK_MS,
  FALLBACK_BUFFERED_MS,
  FALLBACK_HIDDEN_POLL_MS,
  FALLBACK_POLL_SECONDS,
  FALLBACK_REQUEST_CHARACTERS,
  FALLBACK_REQUEST_MS,
  FALLBACK_RESUME_MS,
  FALLBACK_RETRY_MS,
  FALLBACK_SILENCE_MS,
  KEEPALIVE_MAX_CHARACTERS,
} from "../editor/limits";
import { CLOSE } from "./close-codes";
import { type Received, readEvents } from "./event-stream";

type Frame = { text: string } | { binary: string };

const PREFIX = "/fallback";
/** Whether streams have been seen to be held back. Of the network, hence of all sockets. */
let streamsAreBuffered = false;

export class FallbackSocket extends EventTarget {
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;
  readyState = 0;
  protocol = "";
  binaryType = "arraybuffer";
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;

  private readonly origin: string;
  private session = "";
  private readonly over = new AbortController();
  /** When the first of the requests in a row failed. */
  private failingSince: number | null = null;
  /** Frames that wait, the first of them with the number after `taken`. */
  private waiting: Frame[] = [];
  private taken = 0;
  private isWriting = false;
  /** The number of the last frame that arrived, and how much arrived since we last said so. */
  private seen = 0;
  private unacknowledged = 0;
  private acknowledges = false;
  private ackTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly leave = () => this.close();

  constructor(
    readonly url: string,
    protocols: string[] = [],
  ) {
    super();
    const { protocol, host, pathname, search } = new URL(url);
    this.origin = `${protocol === "wss:" ? "https:" : "http:"}//${host}`;
    globalThis.window?.addEventListener("pagehide", this.leave);
    void this.open(`${this.origin}${PREFIX}${pathname}${search}`, protocols);
  }

  send(data: string | Uint8Array): void {
    if (this.readyState !== this.OPEN) return;
    this.waiting.push(typeof data === "string" ? { text: data } : { binary: toBase64(data) });
    void this.write();
  }

  close(code = 1000): void {
    if (this.readyState >= this.CLOSING) return;
    if (this.readyState === this.OPEN) this.sayGoodbye();
    this.readyState = this.CLOSING;
    queueMicrotask(() => this.end(code));
  }

  private end(code: number): void {
    if (this.readyState === this.CLOSED) return;
    this.readyState = this.CLOSED;
    this.over.abort();
    clearTimeout(this.ackTimer);
    globalThis.window?.removeEventListener("pagehide", this.leave);
    this.tell(Object.assign(new Event("close"), { code, reason: "", wasClean: true }));
  }

  private async open(address: string, protocols: string[]): Promise<void> {
    try {
      const answer = await this.post(address, { protocols });
      if (!answer.ok) return this.end(answer.status === 503 ? CLOSE.overloaded : CLOSE.abnormal);
      const { session, protocol } = (await answer.json()) as { session: string; protocol: string };
      this.session = `${this.origin}${PREFIX}/sessions/${session}`;
      this.protocol = protocol;
    } catch {
      return this.end(CLOSE.abnormal);
    }
    this.readyState = this.OPEN;
    this.tell(new Event("open"));
    void this.read();
  }

  // ------------------------------------------------------------ reading

  private async read(): Promise<void> {
    while (this.readyState === this.OPEN) {
      const hidden = isHidden();
      try {
        await (hidden || streamsAreBuffered ? this.poll(hidden ? 0 : FALLBACK_POLL_SECONDS) : this.stream());
      } catch {
        await this.waitOrGiveUp();
      }
      if (hidden && isHidden()) await this.pause(FALLBACK_HIDDEN_POLL_MS);
    }
  }

  private async poll(seconds: number): Promise<void> {
    const patience = seconds * 1000 + FALLBACK_REQUEST_MS;
    for await (const events of this.request(`&poll=${seconds}`, patience, patience)) this.take(events);
    this.unacknowledged = 0; // the next poll says what has arrived
  }

  private async stream(): Promise<void> {
    try {
      for await (const events of this.request("", FALLBACK_BUFFERED_MS, FALLBACK_SILENCE_MS)) {
        this.take(events);
        if (this.unacknowledged > FALLBACK_ACK_BYTES) this.acknowledge();
        else if (this.unacknowledged > 0)
          this.ackTimer ??= setTimeout(() => this.acknowledge(), FALLBACK_ACK_MS);
      }
    } catch (error) {
      // The server speaks as soon as it has the request; who does not hear it has somebody between who collects.
      if (error instanceof NothingCame) streamsAreBuffered = true;
      throw error;
    }
  }

  /** Yield what arrives, as it arrives. Throws NothingCame when the first of it takes longer than `first`, in ms. */
  private async *request(query: string, first: number, next: number): AsyncGenerator<Received[]> {
    const cut = new AbortController();
    const signal = AbortSignal.any([cut.signal, this.over.signal]);
    let timer = setTimeout(() => cut.abort(new NothingCame()), first);
    try {
      const answer = await fetch(`${this.session}?after=${this.seen}${query}`, { signal, cache: "no-store" });
      if (isFinal(answer.status)) return this.end(CLOSE.abnormal);
      if (!answer.ok || !answer.body) throw new Error(`${answer.status}`);
      for await (const events of readEvents(answer.body)) {
        clearTimeout(timer);
        timer = setTimeout(() => cut.abort(), next);
        this.failingSince = null;
        yield events;
      }
      this.failingSince = null;
    } finally {
      clearTimeout(timer);
    }
  }

  private take(events: Received[]): void {
    for (const { number, data } of events) {
      if (this.readyState !== this.OPEN || number <= this.seen) continue;
      if (number !== this.seen + 1) {
        this.end(CLOSE.abnormal);
        return;
      }
      this.seen = number;
      this.unacknowledged += data.length;
      this.hear(JSON.parse(data) as { text: string } | { binary: string } | { close: number });
    }
  }

  private hear(frame: { text: string } | { binary: string } | { close: number }): void {
    if ("close" in frame) {
      this.sayGoodbye(); // the server forgets the session when it knows that its code has arrived
      this.end(frame.close);
      return;
    }
    const data = "text" in frame ? frame.text : fromBase64(frame.binary).slice().buffer;
    this.tell(new MessageEvent("message", { data }));
  }

  // ------------------------------------------------------------ writing

  private acknowledge(): void {
    clearTimeout(this.ackTimer);
    this.ackTimer = undefined;
    this.acknowledges = true;
    void this.write();
  }

  /** Send what waits, one request after the other, each until it has arrived. */
  private async write(): Promise<void> {
    if (this.isWriting) return;
    this.isWriting = true;
    while (this.readyState === this.OPEN && (this.acknowledges || this.waiting.length > 0)) {
      try {
        await this.writeOnce();
      } catch {
        this.acknowledges = true;
        await this.waitOrGiveUp();
      }
    }
    this.isWriting = false;
  }

  private async writeOnce(): Promise<void> {
    const frames = this.batch();
    this.acknowledges = false;
    this.unacknowledged = 0;
    const answer = await this.post(this.session, { seen: this.seen, first: this.taken + 1, frames });
    if (answer.status === 413) return this.end(CLOSE.tooLarge);
    if (isFinal(answer.status)) return this.end(CLOSE.abnormal);
    if (!answer.ok) throw new Error(`${answer.status}`);
    const { taken } = (await answer.json()) as { taken: number };
    this.waiting.splice(0, taken - this.taken);
    this.taken = taken;
    this.failingSince = null;
  }

  /** As much of what waits as one request carries, and at least one frame. */
  private batch(): Frame[] {
    let size = 0;
    const end = this.waiting.findIndex((frame, index) => {
      size += "text" in frame ? frame.text.length : frame.binary.length;
      return index > 0 && size > FALLBACK_REQUEST_CHARACTERS;
    });
    return end < 0 ? [...this.waiting] : this.waiting.slice(0, end);
  }

  /** The last words, also of a page that is being left: a browser sends a little even then. */
  private sayGoodbye(): void {
    const body = JSON.stringify({
      seen: this.seen,
      first: this.taken + 1,
      frames: this.waiting,
      close: true,
    });
    const keepalive = body.length < KEEPALIVE_MAX_CHARACTERS;
    fetch(this.session, { method: "POST", body, keepalive }).catch(() => undefined);
  }

  private post(address: string, content: unknown): Promise<Response> {
    const signal = AbortSignal.any([this.over.signal, AbortSignal.timeout(FALLBACK_REQUEST_MS)]);
    return fetch(address, { method: "POST", body: JSON.stringify(content), signal, cache: "no-store" });
  }

  // ------------------------------------------------------------ both

  /** After a failed request: wait a little, or end when the server has not been reached for too long. */
  private async waitOrGiveUp(): Promise<void> {
    this.failingSince ??= Date.now();
    if (Date.now() - this.failingSince > FALLBACK_RESUME_MS) this.end(CLOSE.abnormal);
    else await this.pause(FALLBACK_RETRY_MS);
  }

  /** Wait, but not longer than until the end or until the page is looked at again. */
  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.over.signal.removeEventListener("abort", done);
        globalThis.document?.removeEventListener("visibilitychange", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.over.signal.addEventListener("abort", done);
      globalThis.document?.addEventListener("visibilitychange", done);
    });
  }

  private tell(event: Event): void {
    this.dispatchEvent(event);
    if (event.type === "open") this.onopen?.(event);
    else if (event.type === "message") this.onmessage?.(event as MessageEvent);
    else this.onclose?.(event as CloseEvent);
  }
}

class NothingCame extends Error {}

/** Whether a request refused with `status` would be refused again: the session is gone, or not ours any more. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

function isHidden(): boolean {
  return globalThis.document?.visibilityState === "hidden";
}
