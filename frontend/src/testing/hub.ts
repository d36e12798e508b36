/** People with one document around a server that relays updates as they come, as ours does: for property tests. */
import * as Y from "yjs";
import { Rescue } from "../collaboration/rescue";
import { createEditor } from "../editor/create";
import type { Member } from "./mesh";

export interface Guest extends Member {
  /** What is on its way to the server, and from there. */
  out: Uint8Array[];
  in: Uint8Array[];
  isConnected: boolean;
  rescue: Rescue;
}

export class Hub {
  readonly guests: Guest[];
  private readonly server = new Y.Doc();

  constructor(count: number) {
    this.guests = Array.from({ length: count }, () => {
      const element = document.createElement("div");
      document.body.append(element);
      const shared = new Y.Doc();
      const guest: Guest = {
        document: shared,
        editor: createEditor({ element, document: shared }),
        out: [],
        in: [],
        isConnected: true,
        rescue: new Rescue(shared, () => true),
      };
      shared.on("update", (update: Uint8Array, origin: unknown) => {
        if (origin !== "hub" && guest.isConnected) guest.out.push(update);
      });
      return guest;
    });
  }

  /** One update of theirs reaches the server. */
  send(guest: Guest): void {
    const update = guest.out.shift();
    if (!update) return;
    Y.applyUpdate(this.server, update);
    for (const other of this.guests) if (other !== guest && other.isConnected) other.in.push(update);
  }

  /** One update reaches them. */
  hear(guest: Guest): void {
    const update = guest.in.shift();
    if (update) this.apply(guest, update, false);
  }

  /** What is on the way is lost. */
  disconnect(guest: Guest): void {
    guest.isConnected = false;
    guest.out = [];
    guest.in = [];
  }

  /** The server answers with what it has, then gets what it has not. */
  connect(guest: Guest): void {
    const missing = Y.encodeStateAsUpdate(this.server, Y.encodeStateVector(guest.document));
    const known = Y.encodeStateVector(this.server);
    guest.isConnected = true;
    guest.out.push(Y.encodeStateAsUpdate(guest.document, known));
    this.apply(guest, missing, true);
  }

  /** Everything arrives. */
  settle(): void {
    for (const guest of this.guests) if (!guest.isConnected) this.connect(guest);
    while (this.guests.some((guest) => guest.out.length + guest.in.length > 0))
      for (const guest of this.guests) {
        this.send(guest);
        this.hear(guest);
      }
  }

  destroy(): void {
    for (const { editor } of this.guests) editor.destroy();
    document.body.innerHTML = "";
  }

  private apply(guest: Guest, update: Uint8Array, isAnswer: boolean): void {
    guest.rescue.receive({ update, isAnswer }, () => Y.applyUpdate(guest.document, update, "hub"));
  }
}
