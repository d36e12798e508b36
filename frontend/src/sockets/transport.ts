/**
 * Opens sockets to the server: WebSockets, or the fallback over plain HTTP where something on the way blocks them. That is
 * found by trying: a WebSocket did not open or said nothing, and right after that HTTP worked. The finding is kept for a
 * while, also over a reload, and WebSockets are tried again from time to time.
 */
import {
  BLOCKED_FAILURES,
  BLOCKED_FOR_MS,
  GREETING_MS,
  HTTP_PROBE_MS,
  PROBE_FIRST_MS,
  PROBE_MOST_MS,
  WEBSOCKET_OPEN_MS,
} from "../editor/limits";
import { CLOSE } from "./close-codes";
import { FallbackSocket } from "./fallback-socket";
import { onReturn } from "./returns";

const BLOCKED_UNTIL = "interline.websockets-blocked-until";

/** Failures in a row of each address that HTTP did not share. */
const failures = new Map<string, number>();
const fallbacks = new Set<FallbackSocket>();
let blockedUntil = 0;
let probeTimer: ReturnType<typeof setTimeout> | undefined;
let stopListening: (() => void) | undefined;

export function openSocket(url: string, protocols: string[] = []): WebSocket {
  return isBlocked() ? openFallback(url, protocols) : openWebSocket(url, protocols);
}

function openWebSocket(url: string, protocols: string[]): WebSocket {
  const socket = new WebSocket(url, protocols);
  let isOver = false;
  const works = () => {
    isOver = true;
    clearTimeout(timer);
    failures.delete(url);
  };
  const giveUp = async () => {
    isOver = true;
    // Decided before it closes: the next attempt follows at once.
    await suspect(url, BLOCKED_FAILURES);
    socket.close();
  };
  let timer = setTimeout(giveUp, WEBSOCKET_OPEN_MS);
  socket.addEventListener("open", () => {
    clearTimeout(timer);
    timer = setTimeout(giveUp, GREETING_MS);
  });
  socket.addEventListener("message", works, { once: true });
  socket.addEventListener("close", ({ code }) => {
    clearTimeout(timer);
    if (isOver) return;
    if (code === CLOSE.abnormal) void suspect(url, 1);
    else works(); // a close frame came through
  });
  return socket;
}

function openFallback(url: string, protocols: string[]): WebSocket {
  const socket = new FallbackSocket(url, protocols);
  fallbacks.add(socket);
  socket.addEventListener("close", () => fallbacks.delete(socket));
  if (probeTimer === undefined) probeAfter(PROBE_FIRST_MS);
  stopListening ??= onReturn(() => probe(PROBE_FIRST_MS)); // it may be another network
  return socket as unknown as WebSocket;
}

/** A WebSocket failed, which counts for so many failures where HTTP works. */
async function suspect(url: string, weight: number): Promise<void> {
  if (!(await httpWorks(url))) {
    failures.clear();
    return;
  }
  const count = (failures.get(url) ?? 0) + weight;
  failures.set(url, count);
  if (count >= BLOCKED_FAILURES) block();
}

async function httpWorks(url: string): Promise<boolean> {
  const address = new URL("/healthz", url.replace(/^ws/, "http"));
  try {
    return (await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(HTTP_PROBE_MS) })).ok;
  } catch {
    return false;
  }
}

function isBlocked(): boolean {
  const stored = Number(globalThis.sessionStorage?.getItem(BLOCKED_UNTIL) ?? 0);
  return Math.max(blockedUntil, stored) > Date.now();
}

function block(): void {
  blockedUntil = Date.now() + BLOCKED_FOR_MS;
  globalThis.sessionStorage?.setItem(BLOCKED_UNTIL, String(blockedUntil));
}

function probeAfter(ms: number): void {
  clearTimeout(probeTimer);
  probeTimer = setTimeout(() => probe(Math.min(2 * ms, PROBE_MOST_MS)), ms);
}

/** Try a WebSocket to a path that is none: the server accepts it and closes with a code, and that is the proof. */
function probe(nextMs: number): void {
  const socket = [...fallbacks][0];
  probeAfter(nextMs);
  if (!socket) return;
  const trial = new WebSocket(new URL("/ws/", socket.url));
  const timer = setTimeout(() => trial.close(), WEBSOCKET_OPEN_MS);
  trial.addEventListener("close", ({ code }) => {
    clearTimeout(timer);
    if (code === CLOSE.gone) unblock();
  });
}

/** Everybody comes back by WebSocket. */
function unblock(): void {
  blockedUntil = 0;
  globalThis.sessionStorage?.removeItem(BLOCKED_UNTIL);
  failures.clear();
  clearTimeout(probeTimer);
  probeTimer = undefined;
  stopListening?.();
  stopListening = undefined;
  for (const socket of [...fallbacks]) socket.close(CLOSE.restarting);
}
