// @vitest-environment node
/** The fallback and its choice, against a server played by the test: HTTP that fails when it is told to. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BLOCKED_FOR_MS, FALLBACK_BUFFERED_MS, FALLBACK_RESUME_MS, PROBE_FIRST_MS } from "../editor/limits";
import { FallbackSocket } from "./fallback-socket";

const URL_OF_SOCKET = "ws://site/ws/assistant/d1?x=1";

interface Asked {
  method: string;
  path: string;
  body: { seen?: number; first?: number; frames?: unknown[]; close?: boolean; protocols?: string[] };
}

/** What the site does with requests: streams stay open until they are cut. */
class Site {
  readonly asked: Asked[] = [];
  isAway = false;
  holdsStreams = false;
  openStatus = 201;
  taken = 0;
  private readonly frames: string[] = [];
  private streams = new Set<ReadableStreamDefaultController<Uint8Array>>();

  say(content: object): void {
    this.frames.push(JSON.stringify(content));
    for (const stream of this.streams) this.write(stream, this.frames.length);
  }

  cut(): void {
    for (const stream of this.streams) stream.error(new TypeError("network error"));
    this.streams.clear();
  }

  readonly fetch = async (address: string | URL, init: RequestInit = {}): Promise<Response> => {
    const { pathname, search, searchParams } = new URL(address);
    if (this.isAway) throw new TypeError("fetch failed");
    if (pathname === "/healthz") return new Response("ok");
    const body = init.body ? JSON.parse(String(init.body)) : {};
    this.asked.push({ method: init.method ?? "GET", path: pathname + search, body });
    if (pathname.startsWith("/fallback/ws/"))
      return Response.json({ session: "s1", protocol: "interline.v1" }, { status: this.openStatus });
    if (init.method === "POST") return this.take(body);
    const after = Number(searchParams.get("after"));
    if (searchParams.has("poll")) return this.poll(after);
    return this.stream(after, init.signal as AbortSignal);
  };

  private take({ first, frames }: Asked["body"]): Response {
    this.taken = Math.max(this.taken, (first ?? 1) + (frames?.length ?? 0) - 1);
    return Response.json({ taken: this.taken });
  }

  private async poll(after: number): Promise<Response> {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return new Response(
      this.frames
        .slice(after)
        .map((data, index) => event(after + index + 1, data))
        .join(""),
    );
  }

  private stream(after: number, signal: AbortSignal): Promise<Response> {
    if (this.holdsStreams)
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => {
        this.streams.add(stream);
        stream.enqueue(new TextEncoder().encode(":\n\n"));
        for (let number = after + 1; number <= this.frames.length; number++) this.write(stream, number);
        signal.addEventListener("abort", () => {
          if (this.streams.delete(stream)) stream.error(signal.reason);
        });
      },
    });
    return Promise.resolve(new Response(body));
  }

  private write(stream: ReadableStreamDefaultController<Uint8Array>, number: number): void {
    stream.enqueue(new TextEncoder().encode(event(number, this.frames[number - 1] ?? "")));
  }
}

const event = (number: number, data: string) => `id: ${number}\ndata: ${data}\n\n`;

describe("the fallback socket", () => {
  let site: Site;
  let heard: unknown[];
  let closed: number[];

  beforeEach(() => {
    vi.useFakeTimers();
    site = new Site();
    heard = [];
    closed = [];
    vi.stubGlobal("fetch", site.fetch);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
  const writes = () =>
    site.asked.filter(({ method, path }) => method === "POST" && path.includes("sessions"));
  const reads = () => site.asked.filter(({ method }) => method === "GET").map(({ path }) => path);

  async function open(): Promise<FallbackSocket> {
    const socket = new FallbackSocket(URL_OF_SOCKET, ["interline.v1"]);
    socket.onmessage = ({ data }) => heard.push(data);
    socket.onclose = ({ code }) => closed.push(code);
    await settle();
    return socket;
  }

  it("opens at the socket's own path, and hears and says both kinds of frames", async () => {
    const socket = await open();
    expect(site.asked[0]).toMatchObject({
      path: "/fallback/ws/assistant/d1?x=1",
      body: { protocols: ["interline.v1"] },
    });
    expect([socket.readyState, socket.protocol]).toEqual([1, "interline.v1"]);
    site.say({ text: "ä" });
    site.say({ binary: "AAEC" });
    socket.send("hello");
    socket.send(new Uint8Array([1, 2]));
    await settle(10);
    expect(heard).toEqual(["ä", new Uint8Array([0, 1, 2]).buffer]);
    expect(writes().flatMap(({ body }) => body.frames)).toEqual([{ text: "hello" }, { binary: "AQI=" }]);
  });

  it("sends frames again with the same numbers until they have arrived", async () => {
    const socket = await open();
    socket.send("a");
    await settle();
    site.isAway = true;
    socket.send("b");
    socket.send("c");
    await settle(2000);
    site.isAway = false;
    await settle(2000);
    expect(writes().map(({ body }) => [body.first, body.frames])).toEqual([
      [1, [{ text: "a" }]],
      [2, [{ text: "b" }, { text: "c" }]],
    ]);
    expect(closed).toEqual([]);
  });

  it("reads on where a stream was cut, and ignores what comes twice", async () => {
    await open();
    site.say({ text: "1" });
    site.say({ text: "2" });
    await settle();
    site.cut();
    site.say({ text: "3" });
    await settle(1000);
    expect(reads().at(-1)).toContain("after=2");
    expect(heard).toEqual(["1", "2", "3"]);
  });

  it("says what has arrived, a moment later or with what it sends", async () => {
    await open();
    site.say({ text: "1" });
    site.say({ text: "2" });
    await settle(1500);
    expect(writes().map(({ body }) => [body.seen, body.frames])).toEqual([[2, []]]);
  });

  it("closes with the code the server gives", async () => {
    await open();
    site.say({ text: "last" });
    site.say({ close: 4403 });
    await settle();
    expect([heard, closed]).toEqual([["last"], [4403]]);
    expect(writes().at(-1)?.body).toMatchObject({ seen: 2, close: true });
  });

  it("gives up a session that cannot be reached, and one that is not there any more", async () => {
    await open();
    site.isAway = true;
    site.cut();
    await settle(FALLBACK_RESUME_MS - 1000);
    expect(closed).toEqual([]);
    await settle(3000);
    expect(closed).toEqual([1006]);
  });

  it.each([
    [503, 4513],
    [403, 1006],
  ])("reports an opening refused with %i as %i", async (status, code) => {
    site.openStatus = status;
    await open();
    expect(closed).toEqual([code]);
  });

  it("takes its last words along when it is closed", async () => {
    const socket = await open();
    socket.send("bye");
    socket.close();
    await settle();
    expect(writes().at(-1)?.body).toMatchObject({ first: 1, frames: [{ text: "bye" }], close: true });
    expect(closed).toEqual([1000]);
  });

  it("polls where somebody on the way holds streams back", async () => {
    site.holdsStreams = true;
    const socket = await open();
    await settle(FALLBACK_BUFFERED_MS + 1000);
    expect(reads().at(-1)).toContain("poll=");
    site.say({ text: "1" });
    await settle(300);
    expect(heard).toEqual(["1"]);
    socket.close();
    await settle();
  });
});

/** A WebSocket through a network that refuses, hangs or lets through. */
class FakeWebSocket extends EventTarget {
  static network: "refuse" | "hang" | "pass" = "refuse";
  readyState = 0;

  constructor(readonly url: string | URL) {
    super();
    const { network } = FakeWebSocket;
    const isTrial = new URL(url).pathname === "/ws/";
    if (network === "refuse") setTimeout(() => this.end(1006), 10);
    if (network === "pass") setTimeout(() => (isTrial ? this.end(4404) : this.greet()), 10);
  }

  send(): void {}

  close(): void {
    this.end(1006);
  }

  greet(): void {
    this.dispatchEvent(new Event("open"));
    this.dispatchEvent(new MessageEvent("message", { data: "hello" }));
  }

  end(code: number): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
}

describe("the choice of a transport", () => {
  let site: Site;
  let openSocket: (url: string) => WebSocket;

  beforeEach(async () => {
    vi.resetModules(); // what an earlier test found is forgotten
    ({ openSocket } = await import("./transport"));
    vi.useFakeTimers();
    site = new Site();
    vi.stubGlobal("fetch", site.fetch);
    vi.stubGlobal("WebSocket", FakeWebSocket);
    FakeWebSocket.network = "refuse";
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const isFallback = (socket: WebSocket) => socket.constructor.name === "FallbackSocket";
  /** Try so many times, one after the other has failed. */
  async function attempts(count: number, ms = 100): Promise<WebSocket> {
    for (let attempt = 0; attempt < count; attempt++) {
      openSocket(URL_OF_SOCKET);
      await vi.advanceTimersByTimeAsync(ms);
    }
    return openSocket(URL_OF_SOCKET);
  }

  it("falls back after two refusals while HTTP works", async () => {
    expect(isFallback(await attempts(1))).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    expect(isFallback(await attempts(0))).toBe(true);
  });

  it("falls back after one that hung", async () => {
    FakeWebSocket.network = "hang";
    expect(isFallback(await attempts(1, 7000))).toBe(true);
  });

  it("does not, when HTTP fails as well: the server is away", async () => {
    site.isAway = true;
    expect(isFallback(await attempts(5))).toBe(false);
    site.isAway = false;
    await vi.advanceTimersByTimeAsync(100);
    FakeWebSocket.network = "pass";
    expect(isFallback(await attempts(3))).toBe(false);
  });

  it("keeps its finding for a while only", async () => {
    await attempts(2);
    await vi.advanceTimersByTimeAsync(BLOCKED_FOR_MS);
    expect(isFallback(await attempts(0))).toBe(false);
  });

  it("returns to WebSockets when a trial comes through", async () => {
    const closed = vi.fn();
    const socket = await attempts(2);
    socket.addEventListener("close", ({ code }) => closed(code));
    await vi.advanceTimersByTimeAsync(PROBE_FIRST_MS);
    expect(closed).not.toHaveBeenCalled();
    FakeWebSocket.network = "pass";
    await vi.advanceTimersByTimeAsync(3 * PROBE_FIRST_MS);
    expect(closed).toHaveBeenCalledWith(4512);
    expect(isFallback(openSocket(URL_OF_SOCKET))).toBe(false);
  });
});
