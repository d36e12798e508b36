/** The server's end of the assistant's socket, played by a test. Stub the global `WebSocket` with it. */
import type { EditorConfig } from "../editor/config";
import { FREE } from "./policy";

export class FakeSocket extends EventTarget {
  static readonly OPEN = 1;
  static latest: FakeSocket;
  /** Whether new ones say `hello` by themselves. */
  static greets = true;
  /** Every socket, by the id of whose it is. */
  static readonly of = new Map<string, FakeSocket>();
  readyState = 1;
  binaryType = "";
  bufferedAmount = 0;
  isGreeted = false;
  readonly sent: Record<string, unknown>[] = [];

  constructor(readonly url: string) {
    super();
    FakeSocket.latest = this;
    FakeSocket.of.set(url.split("/").at(-1) ?? "", this);
    queueMicrotask(() => {
      this.dispatchEvent(new Event("open"));
      if (FakeSocket.greets) this.greet();
    });
  }

  greet(): void {
    const limits = { input_characters: 20_000, concurrent_generations: 8 };
    const user = { id: "u1", name: "Alice", color: "#9f3a38" };
    this.say({
      type: "hello",
      protocol: 1,
      user,
      role: "editor",
      limits,
      models: [],
      open: [],
      undecided: [],
      policy: FREE,
    });
    this.isGreeted = true;
  }

  send(data: string): void {
    const message = JSON.parse(data);
    if (message.type === "ping") this.say({ type: "pong", nonce: message.nonce });
    else this.sent.push(message);
  }

  close(): void {}

  say(message: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) }));
  }

  sentOf(kind: string): Record<string, unknown>[] {
    return this.sent.filter(({ type }) => type === kind);
  }
}

export function makeConfig(user: { id: string; name: string; color: string }): EditorConfig {
  return {
    document: { id: "d1", title: "" },
    role: "editor",
    user: { ...user, email: `${user.name.toLowerCase()}@example.org` },
    paths: {
      sync: "/ws/sync",
      assistant: `/ws/assistant/${user.id}`,
      documents: "/",
      members: "/",
      login: "/",
    },
  };
}
