/** The live document: Yjs, its sync socket, the browser's own copy, and the truth about its saving. */
import * as decoding from "lib0/decoding";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { type EditorConfig, mayEdit, type Role, socketUrl } from "../editor/config";
import { OFFLINE_AFTER_MS, OFFLINE_MAX_BYTES, RESYNC_MS, SAVE_LATE_MS } from "../editor/limits";
import { isPermanent } from "../sockets/close-codes";
import { LocalCopy } from "./local-copy";
import { Rescue } from "./rescue";
import { hasUnsaved, initialState, next, type SyncEvent, type SyncState } from "./status";
import { countingSocket, keepConnected } from "./sync-socket";

const MESSAGE_ACK = 100;

export interface Connection {
  document: Y.Doc;
  provider: WebsocketProvider;
  readonly state: SyncState;
  /** Resolves when there is something true to show: the browser's copy or the server's state. */
  ready: Promise<void>;
  onState(hear: (state: SyncState) => void): void;
  /** The person's role here changed. */
  setRole(role: Role): void;
  /** Whether so much more can be written while the server cannot be reached. */
  hasRoomFor(bytes: number): boolean;
  /** Somebody gave up what the server did not get. */
  discarded: boolean;
  /** Delete the browser's copy: after access was lost. */
  forget(): Promise<void>;
}

export function connect(config: EditorConfig): Connection {
  const document = new Y.Doc();
  const hears = new Set<(state: SyncState) => void>();
  let state = initialState(mayEdit(config.role));
  const tell = (event: SyncEvent) => {
    const [was, acked] = [hasUnsaved(state), state.acked];
    state = next(state, event);
    const is = hasUnsaved(state);
    if (is !== was) copy?.markUnsent(is);
    if (is !== was || state.acked !== acked || event.type === "opened") waitForCommit(is);
    for (const hear of hears) hear(state);
  };
  let lateTimer: ReturnType<typeof setTimeout> | undefined;
  const waitForCommit = (isUnsaved: boolean) => {
    clearTimeout(lateTimer);
    if (isUnsaved) lateTimer = setTimeout(() => tell({ type: "delayed" }), SAVE_LATE_MS);
  };

  const provider = new WebsocketProvider(socketUrl(config.paths.sync), config.document.id, document, {
    connect: false,
    params: { ack: "1" },
    disableBc: true, // tabs would trade updates behind the server's back
    resyncInterval: RESYNC_MS,
    shouldReconnect: ({ code }) => !isPermanent(code),
    WebSocketPolyfill: countingSocket(
      // What was written while it was allowed goes out all the same: only the server knows which came first, and when it
      // refuses, the page says so and keeps the words.
      () => state.mayEdit || hasUnsaved(state),
      (whole, counts) => {
        if (whole) unsentBytes = 0;
        tell({ type: "sent", whole, counts });
      },
    ),
  });
  provider.messageHandlers[MESSAGE_ACK] = (_encoder, decoder) => {
    decoding.readVarUint(decoder); // position in the document's log
    tell({ type: "acked", count: decoding.readVarUint(decoder) });
  };

  new Rescue(document, () => state.mayEdit).follow(provider);

  let offlineTimer: ReturnType<typeof setTimeout> | undefined;
  const waitOffline = () => {
    clearTimeout(offlineTimer);
    offlineTimer = setTimeout(() => tell({ type: "waited" }), navigator.onLine ? OFFLINE_AFTER_MS : 0);
  };
  provider.on("status", ({ status }) => {
    if (status === "connected") {
      clearTimeout(offlineTimer);
      tell({ type: "opened" });
    } else if (status === "connecting") {
      tell({ type: "connecting" });
    } else {
      tell({ type: "closed" });
      waitOffline();
    }
  });
  provider.on("sync", (synced: boolean) => {
    if (synced) tell({ type: "synced" });
  });
  provider.on("closed", ({ code }) => {
    clearTimeout(offlineTimer);
    tell({ type: "ended", code });
  });
  let unsentBytes = 0;
  document.on("update", (update: Uint8Array, origin: unknown) => {
    if (origin === provider || origin === copy?.origin) return;
    if (state.link !== "open") unsentBytes += update.length;
    tell({ type: "edited" });
  });

  // Who may not edit keeps no copy: edits in it could never be sent.
  const copy = state.mayEdit ? new LocalCopy(config.user.id, config.document.id, document) : null;
  const loaded = copy?.loaded.then((found) => {
    if (!found) return;
    tell({ type: "kept", unsent: found.unsent });
    if (found.unsent && !hasUnsaved(state)) copy?.markUnsent(false);
  });
  const synced = new Promise<void>((resolve) => provider.once("sync", () => resolve()));
  const shown = loaded?.then(() => (document.store.clients.size > 0 ? undefined : synced));

  window.addEventListener("offline", () => waitOffline());
  waitOffline();
  keepConnected(provider);

  return {
    document,
    provider,
    get state() {
      return state;
    },
    discarded: false,
    ready: Promise.race([synced, shown ?? synced]),
    hasRoomFor: (bytes) => state.link === "open" || unsentBytes + bytes < OFFLINE_MAX_BYTES,
    onState(hear) {
      hears.add(hear);
      hear(state);
    },
    setRole(role) {
      const may = mayEdit(role);
      if (may === state.mayEdit) return;
      tell({ type: "role", mayEdit: may });
      if (may) provider.disconnect(); // and back at once: by then the server knows for sure
    },
    forget: async () => copy?.forget(),
  };
}
