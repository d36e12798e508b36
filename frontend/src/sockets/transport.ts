/** Opens sockets to the server. */
import { GREETING_MS } from "../editor/limits";

/** Open a socket; one over which nothing has come after a while is closed. */
export function openSocket(url: string, protocols: string[] = []): WebSocket {
  const socket = new WebSocket(url, protocols);
  const timer = setTimeout(() => socket.close(), GREETING_MS);
  socket.addEventListener("message", () => clearTimeout(timer), { once: true });
  socket.addEventListener("close", () => clearTimeout(timer));
  return socket;
}
