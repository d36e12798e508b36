// @vitest-environment node
/** The assistant's socket against a real WebSocket server. */
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { ALIVE_MS, ASSISTANT_PING_MS, OFFLINE_AFTER_MS } from "../editor/limits";
import type { ServerMessage } from "./messages";
import { AssistantSocket } from "./socket";

const HELLO = JSON.stringify({ type: "hello", protocol: 1, limits: {}, models: [], open: [] });
const REQUEST = { type: "generate", id: "g1", action: "continue", visibility: "shared" } as const;

describe("the assistant's socket", () => {
  let server: WebSocketServer;
  let peers: WebSocket[];
  let frames: { type: string; id?: string; after?: unknown }[];
  let heard: ServerMessage[];
  let reachable: boolean[];
  let points: Record<string, number>;

  beforeEach(async () => {
    vi.stubGlobal("WebSocket", WebSocket);
    peers = [];
    frames = [];
    heard = [];
    reachable = [];
    points = {};
    server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    server.on("connection", (peer) => {
      peers.push(peer);
      peer.on("message", (data) => frames.push(JSON.parse(String(data))));
      peer.send(HELLO);
    });
    await new Promise((resolve) => server.once("listening", resolve));
  });
  afterEach(() => {
    for (const peer of server.clients) peer.close(4404);
    server.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  function open(): AssistantSocket {
    const { port } = server.address() as AddressInfo;
    const told = reachable; // a socket of an earlier test tells its own
    return new AssistantSocket(`ws://127.0.0.1:${port}/`, {
      message: (message) => heard.push(message),
      resumePoints: () => points,
      reachable: (now) => told.push(now),
    });
  }
  const until = (holds: () => boolean) =>
    vi.waitFor(() => expect(holds()).toBe(true), { timeout: 10_000, interval: 5 });
  const types = () => frames.map(({ type }) => type);

  it("offers its subprotocol and sends only after hello", async () => {
    const socket = open();
    socket.send(REQUEST);
    await until(() => types().includes("generate"));
    expect(peers[0]?.protocol).toBe("interline.v1");
    expect(socket.isReachable).toBe(true);
  });

  it("asks for what it missed and re-sends what was not answered, by the same id", async () => {
    const socket = open();
    await until(() => reachable.includes(true));
    socket.send(REQUEST);
    await until(() => types().includes("generate"));
    points = { g0: 7 };
    peers[0]?.close(4512);
    await until(() => peers.length === 2 && frames.filter(({ id }) => id === "g1").length === 2);
    expect(reachable).toEqual([true]); // too short to be told
    expect(frames.find(({ type }) => type === "resume")?.after).toEqual({ g0: 7 });
  });

  it("does not send a request again that was answered", async () => {
    const socket = open();
    await until(() => reachable.includes(true));
    socket.send(REQUEST);
    await until(() => types().includes("generate"));
    peers[0]?.send(JSON.stringify({ type: "started", id: "g1", seq: 1 }));
    await until(() => heard.some(({ type }) => type === "started"));
    peers[0]?.close(4512);
    await until(() => peers.length === 2);
    socket.send({ type: "cancel", id: "g2" });
    await until(() => types().includes("cancel"));
    expect(types().filter((type) => type === "generate")).toHaveLength(1);
  });

  it("sends what was asked without a connection in order, each once", async () => {
    const socket = open();
    socket.send({ type: "decide", id: "g0", decision: "accepted" });
    socket.send(REQUEST);
    socket.send(REQUEST);
    socket.send({ type: "cancel", id: "g1" });
    await until(() => types().includes("cancel"));
    expect(types()).toEqual(["decide", "generate", "cancel"]);
  });

  it("sends a decision again until everybody has heard of it", async () => {
    const socket = open();
    await until(() => reachable.includes(true));
    socket.send({ type: "decide", id: "g1", decision: "accepted" });
    await until(() => types().includes("decide"));
    peers[0]?.send(JSON.stringify({ type: "done", id: "g1", seq: 4 }));
    peers[0]?.close(4512);
    await until(() => types().filter((type) => type === "decide").length === 2);
    peers[1]?.send(JSON.stringify({ type: "decided", id: "g1", seq: 5, decision: "accepted" }));
    await until(() => heard.some(({ type }) => type === "decided"));
    peers[1]?.close(4512);
    await until(() => peers.length === 3);
    socket.send({ type: "cancel", id: "g2" });
    await until(() => types().includes("cancel"));
    expect(types().filter((type) => type === "decide")).toHaveLength(2);
  });

  it("drops what waits when the document is left, and does not come back", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
    const socket = open();
    await until(() => reachable.includes(true));
    socket.send(REQUEST);
    await until(() => types().includes("generate"));
    socket.leave();
    socket.send({ type: "cancel", id: "g1" });
    await until(() => peers[0]?.readyState === WebSocket.CLOSED);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([peers.length, types()]).toEqual([1, ["generate"]]);
  });

  it("gives up a connection that does not answer its ping", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
    open();
    await until(() => reachable.includes(true));
    await vi.advanceTimersByTimeAsync(ASSISTANT_PING_MS);
    await until(() => types().includes("ping"));
    await vi.advanceTimersByTimeAsync(ALIVE_MS);
    await vi.advanceTimersByTimeAsync(1);
    await until(() => peers.length === 2);
  });

  it.each([4401, 4403, 4404])("does not come back after %i", async (code) => {
    open();
    await until(() => reachable.includes(true));
    const constructed = vi.fn();
    vi.stubGlobal("WebSocket", constructed);
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    peers[0]?.close(code);
    await until(() => reachable.at(-1) === false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(constructed).not.toHaveBeenCalled();
  });

  it("says that it cannot be reached when it stays away", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
    open();
    await until(() => reachable.includes(true));
    vi.stubGlobal("WebSocket", class extends EventTarget {}); // never opens
    peers[0]?.terminate();
    await until(() => peers[0]?.readyState === WebSocket.CLOSED);
    await until(() => vi.getTimerCount() > 0);
    await vi.advanceTimersByTimeAsync(OFFLINE_AFTER_MS + 10);
    expect(reachable).toEqual([true, false]);
  });

  it("acknowledges what is drawn, several at once", async () => {
    const socket = open();
    await until(() => reachable.includes(true));
    socket.acknowledge("g1", 3);
    socket.acknowledge("g1", 5);
    socket.acknowledge("g2", 1);
    await until(() => types().includes("ack"));
    expect(frames.filter(({ type }) => type === "ack")).toEqual([{ type: "ack", after: { g1: 5, g2: 1 } }]);
  });

  it("ignores what is no message", async () => {
    open();
    await until(() => reachable.includes(true));
    for (const junk of ["", "null", "{", "[]", '{"type":7}']) peers[0]?.send(junk);
    peers[0]?.send(JSON.stringify({ type: "pong", nonce: 1 }));
    await until(() => heard.at(-1)?.type === "pong");
    expect(heard).toHaveLength(2);
  });
});
