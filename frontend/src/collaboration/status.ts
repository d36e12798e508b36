/**
 * What may truthfully be said about the document's saving: a pure state machine, fed by the connection.
 *
 * "Saved" means that the server has committed every update we made: its acknowledged count has reached the number of
 * update frames sent on this connection, and no edit is waiting for a connection.
 */
import { CLOSE } from "../sockets/close-codes";

export interface SyncState {
  link: "connecting" | "open" | "closed";
  /** This connection has exchanged states with the server. */
  synced: boolean;
  /** Some connection has. */
  everSynced: boolean;
  /** This connection has sent everything that the server lacked; what came to be here since went out by itself. */
  sentWhole: boolean;
  /** Update frames sent on this connection, and how many of them the server has committed. */
  sent: number;
  acked: number;
  /** Edits that no connection has carried, or whose connection was lost before it acknowledged them. */
  unsent: boolean;
  /** The browser keeps a copy of its own (IndexedDB). */
  kept: boolean;
  /** The server is reached, and has committed nothing for so long that it is worth a word. */
  late: boolean;
  /** Not reachable for long enough to say so, or the browser says that it has no network (the server may be on this very
   * machine all the same: then an acknowledgement proves it wrong). */
  offline: boolean;
  /** The permanent close code that ended it. */
  ended: number | null;
  mayEdit: boolean;
}

export type SyncEvent =
  | { type: "connecting" }
  | { type: "opened" }
  | { type: "synced" }
  | { type: "edited" }
  /** `counts`: the server will acknowledge it; an empty state is not worth that. */
  | { type: "sent"; whole: boolean; counts: boolean }
  | { type: "acked"; count: number }
  | { type: "delayed" }
  | { type: "closed" }
  | { type: "waited" }
  | { type: "ended"; code: number }
  | { type: "kept"; unsent: boolean }
  | { type: "role"; mayEdit: boolean };

export function initialState(mayEdit: boolean): SyncState {
  return {
    link: "connecting",
    synced: false,
    everSynced: false,
    sentWhole: false,
    sent: 0,
    acked: 0,
    unsent: false,
    kept: false,
    late: false,
    offline: false,
    ended: null,
    mayEdit,
  };
}

export function next(state: SyncState, event: SyncEvent): SyncState {
  switch (event.type) {
    case "connecting":
      return { ...state, link: state.link === "open" ? "open" : "connecting", ended: null };
    case "opened":
      return {
        ...state,
        link: "open",
        synced: false,
        sentWhole: false,
        sent: 0,
        acked: 0,
        late: false,
        offline: false,
      };
    case "synced":
      return { ...state, synced: true, everSynced: true, offline: false };
    case "edited":
      return state.link === "open" ? state : { ...state, unsent: true };
    case "sent":
      // A whole state (sync step 2) carries everything that was waiting.
      return {
        ...state,
        sentWhole: state.sentWhole || event.whole,
        sent: state.sent + Number(event.counts),
        unsent: event.whole ? false : state.unsent,
      };
    case "acked":
      return { ...state, acked: Math.max(state.acked, event.count), late: false, offline: false };
    case "delayed":
      return { ...state, late: true };
    case "closed":
      return { ...state, link: "closed", synced: false, unsent: hasUnsaved(state), sent: 0, acked: 0 };
    case "waited":
      return { ...state, offline: true };
    case "ended":
      return { ...state, link: "closed", synced: false, ended: event.code };
    case "kept":
      return { ...state, kept: true, unsent: state.unsent || (event.unsent && !state.sentWhole) };
    case "role":
      return { ...state, mayEdit: event.mayEdit };
  }
}

/** Whether an edit of ours may be missing from the server. */
export function hasUnsaved(state: SyncState): boolean {
  return state.unsent || state.acked < state.sent;
}

export const SAVING = "Saving…";

export interface Word {
  text: string;
  tone: "calm" | "busy" | "warn" | "stop";
  /** A sentence for those who ask (the status word's tooltip and description). */
  detail: string;
}

export function statusWord(state: SyncState): Word {
  if (state.ended !== null) return endedWord(state.ended);
  const cutOff = state.offline && hasUnsaved(state);
  if (state.link !== "open" || !state.synced || cutOff) return unreachedWord(state);
  if (hasUnsaved(state) && state.late) return lateWord(state);
  if (hasUnsaved(state)) {
    return { text: SAVING, tone: "busy", detail: "Your last words are on their way to the server." };
  }
  if (!state.mayEdit) {
    return {
      text: "View only",
      tone: "calm",
      detail: "You can read this document; your role does not let you edit it.",
    };
  }
  return { text: "Saved", tone: "calm", detail: "The server has committed everything you wrote." };
}

function unreachedWord(state: SyncState): Word {
  if (!state.offline) {
    const text = state.everSynced || state.link === "closed" ? "Reconnecting…" : "Connecting…";
    return { text, tone: "busy", detail: "Looking for the server." };
  }
  if (!state.mayEdit || (!state.everSynced && !state.kept)) {
    return { text: "Offline", tone: "warn", detail: "The server cannot be reached. We keep trying." };
  }
  if (state.kept) {
    return {
      text: "Offline – changes kept here",
      tone: "warn",
      detail:
        "The server cannot be reached. What you write is kept in this browser and merged when it is back.",
    };
  }
  return {
    text: "Offline – keep this page open",
    tone: "warn",
    detail:
      "The server cannot be reached, and this browser does not let us keep a copy. Leave the page open.",
  };
}

function lateWord({ kept }: SyncState): Word {
  const detail = kept
    ? "The server cannot store anything at the moment. You can write on: your words are kept in this browser and saved as soon as it can."
    : "The server cannot store anything at the moment. You can write on, but leave the page open: your words are saved as soon as it can.";
  return { text: "Not saved yet", tone: "warn", detail };
}

function endedWord(code: number): Word {
  return { text: ENDED[code]?.word ?? "Disconnected", tone: "stop", detail: endedSentence(code) };
}

const ENDED: Record<number, { word: string; sentence: string }> = {
  [CLOSE.protocol]: {
    word: "Disconnected",
    sentence: "The server did not understand what this page sent. Reload the page to go on.",
  },
  [CLOSE.signIn]: {
    word: "Signed out",
    sentence: "You are signed out. Sign in again and you come back here.",
  },
  [CLOSE.forbidden]: {
    word: "No access",
    sentence:
      "You no longer have access to edit this document. Reload the page to see what you may still do.",
  },
  [CLOSE.gone]: { word: "Removed", sentence: "This document was removed, or is no longer shared with you." },
  [CLOSE.tooLarge]: {
    word: "Too large",
    sentence: "A change was too large to send. Discard what was not saved, then add it in smaller pieces.",
  },
};

/** What happened and what to do, for a permanent close code. */
export function endedSentence(code: number): string {
  return ENDED[code]?.sentence ?? "The connection was closed for good. Reload the page to go on.";
}
