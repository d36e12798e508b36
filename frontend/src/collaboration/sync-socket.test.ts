/** The sync socket's life under the real provider, with time and network in the test's hands. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { CHECK_MS, STEADY_MS } from "../editor/limits";
import { isPermanent } from "../sockets/close-codes";
import type { Reconnection } from "../sockets/reconnection";
import { countingSocket, keepConnected } from "./sync-socket";

const EMPTY_STEP_2 = new Uint8Array([0, 1, 2, 0, 0]);
const STEP_1 = 0;

/** The network's end of a socket: it opens and answers when the test says so. */
class FakeSocket extends EventTarget {
  static all: FakeSocket[] = [];
  readonly OPEN = 1;
  readyState = 0;
  binaryType = "";
  readonly sent: Uint8Array[] = [];
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;

  constructor(readonly url: string) {
    super();
    FakeSocket.all.push(this);
  }

  send(data: Uint8Array): void {
    this.sent.push(data);
  }

  close(): void {
    this.readyState = 3;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  answer(): void {
    this.dispatchEvent(new MessageEvent("message", { data: EMPTY_STEP_2.buffer }));
  }

  end(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code, reason: "" });
  }
}

describe("the sync socket", () => {
  let provider: WebsocketProvider;
  let reconnection: Reconnection;
  let document: Y.Doc;
  let mayEdit: boolean;
  let sent: { whole: boolean; counts: boolean }[];

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", FakeSocket);
    vi.spyOn(Math, "random").mockReturnValue(1);
    FakeSocket.all = [];
    sent = [];
    mayEdit = true;
    document = new Y.Doc();
    provider = new WebsocketProvider("ws://server/ws/sync", "d1", document, {
      connect: false,
      disableBc: true,
      shouldReconnect: ({ code }) => !isPermanent(code),
      WebSocketPolyfill: countingSocket(
        () => mayEdit,
        (whole, counts) => sent.push({ whole, counts }),
      ),
    });
    reconnection = keepConnected(provider);
  });
  afterEach(() => {
    reconnection.stop();
    provider.destroy();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  const latest = () => FakeSocket.all.at(-1) as FakeSocket;
  const attempts = () => FakeSocket.all.length;
  async function up(): Promise<void> {
    latest().open();
    latest().answer();
    await vi.advanceTimersByTimeAsync(STEADY_MS);
  }

  it("comes back at once, then after 1 and 2 seconds, by no other clock than ours", async () => {
    await up();
    latest().end(1006);
    await vi.advanceTimersByTimeAsync(1);
    expect(attempts()).toBe(2);
    latest().end(1006);
    await vi.advanceTimersByTimeAsync(998);
    expect(attempts()).toBe(2);
    await vi.advanceTimersByTimeAsync(3);
    expect(attempts()).toBe(3);
    latest().end(1006);
    await vi.advanceTimersByTimeAsync(1990);
    expect(attempts()).toBe(3);
    await vi.advanceTimersByTimeAsync(20);
    expect(attempts()).toBe(4);
  });

  it.each([4401, 4403, 4404, 4400, 4413])("stays away after %i", async (code) => {
    const closed = vi.fn();
    provider.on("closed", closed);
    await up();
    latest().end(code);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(attempts()).toBe(1);
    expect(closed).toHaveBeenCalledOnce();
  });

  it("gives up a socket that does not answer after a return, and keeps one that does", async () => {
    await up();
    window.dispatchEvent(new Event("online"));
    expect(latest().sent.at(-1)?.[1]).toBe(STEP_1);
    latest().answer();
    await vi.advanceTimersByTimeAsync(CHECK_MS + 10);
    expect(attempts()).toBe(1);
    window.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(CHECK_MS + 10);
    expect(attempts()).toBe(2);
  });

  it("counts the updates it sends, and sends none for who may not edit", async () => {
    await up();
    document.getText("t").insert(0, "a");
    expect(sent).toEqual([{ whole: false, counts: true }]);
    mayEdit = false;
    const frames = latest().sent.length;
    document.getText("t").insert(0, "b");
    expect(latest().sent).toHaveLength(frames);
    expect(sent).toHaveLength(1);
  });
});
