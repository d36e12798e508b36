/** The sync socket under y-websocket's provider: what it sends is counted, and it comes back by our own schedule. */
import * as encoding from "lib0/encoding";
import { writeSyncStep1 } from "y-protocols/sync";
import type { WebsocketProvider } from "y-websocket";
import { CHECK_MS } from "../editor/limits";
import { CLOSE } from "../sockets/close-codes";
import { Reconnection } from "../sockets/reconnection";
import { openSocket } from "../sockets/transport";
import { carriesUpdate, UpdateQueue } from "./update-queue";

const MESSAGE_SYNC = 0;

/**
 * A constructor of sockets that count the update frames they send, as the server counts them for its acknowledgements.
 * For those who may not edit they send none: one would close the socket (4403).
 */
export function countingSocket(
  mayEdit: () => boolean,
  sent: (whole: boolean, counts: boolean) => void,
): typeof WebSocket {
  return function open(url: string, protocols?: string[]): WebSocket {
    const socket = openSocket(url, protocols);
    const send = socket.send.bind(socket);
    const updates = new UpdateQueue(send, sent);
    socket.send = (data: Uint8Array<ArrayBuffer>) => {
      if (!carriesUpdate(data)) send(data);
      else if (mayEdit()) updates.send(data);
    };
    socket.addEventListener("message", ({ data }) => updates.hear(data));
    return socket;
  } as unknown as typeof WebSocket;
}

/** Bring the provider's connection back whenever it is lost. y-websocket's own back-off does not scatter. */
export function keepConnected(provider: WebsocketProvider): Reconnection {
  const reconnection = new Reconnection({ connect: () => provider.connect(), check: () => check(provider) });
  provider.on("connection-close", (event) => {
    provider.shouldConnect = false; // until our turn: makes y-websocket's own attempt a no-op
    reconnection.lost(event?.code ?? CLOSE.abnormal);
  });
  provider.on("sync", (synced: boolean) => {
    if (synced) reconnection.succeeded();
  });
  provider.connect();
  return reconnection;
}

/** Ask for the state, which is always answered; without an answer the connection is given up. */
function check(provider: WebsocketProvider): void {
  const socket = provider.ws;
  if (!socket || !provider.wsconnected) return;
  const question = encoding.createEncoder();
  encoding.writeVarUint(question, MESSAGE_SYNC);
  writeSyncStep1(question, provider.doc);
  socket.send(encoding.toUint8Array(question));
  const timer = setTimeout(() => {
    if (provider.ws === socket) provider.disconnect();
  }, CHECK_MS);
  socket.addEventListener("message", () => clearTimeout(timer), { once: true });
}
