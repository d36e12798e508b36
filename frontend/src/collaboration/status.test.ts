import { describe, expect, it } from "vitest";
import { CLOSE } from "../sockets/close-codes";
import {
  endedSentence,
  hasUnsaved,
  initialState,
  next,
  type SyncEvent,
  type SyncState,
  statusWord,
} from "./status";

function reach(events: SyncEvent[], mayEdit = true): SyncState {
  return events.reduce(next, initialState(mayEdit));
}

const opened: SyncEvent[] = [
  { type: "connecting" },
  { type: "opened" },
  { type: "sent", whole: true, counts: false },
  { type: "synced" },
];
const update: SyncEvent = { type: "sent", whole: false, counts: true };
const word = (events: SyncEvent[], mayEdit = true) => statusWord(reach(events, mayEdit)).text;

describe("the status word", () => {
  it("says that it connects, then that all is saved", () => {
    expect(word([{ type: "connecting" }])).toBe("Connecting…");
    expect(word(opened)).toBe("Saved");
  });

  it("says Saved only when the server has committed the last update", () => {
    const typed: SyncEvent[] = [...opened, { type: "edited" }, update, { type: "edited" }, update];
    expect(word(typed)).toBe("Saving…");
    expect(word([...typed, { type: "acked", count: 1 }])).toBe("Saving…");
    expect(word([...typed, { type: "acked", count: 2 }])).toBe("Saved");
  });

  it("says that it is not saved yet when the server commits nothing for a while, until it does", () => {
    const late: SyncEvent[] = [...opened, update, update, { type: "delayed" }];
    expect(word(late)).toBe("Not saved yet");
    expect(statusWord(reach(late)).detail).toContain("leave the page open");
    expect(statusWord(reach([{ type: "kept", unsent: false }, ...late])).detail).toContain("this browser");
    expect(word([...late, { type: "acked", count: 1 }])).toBe("Saving…");
    expect(word([...late, { type: "acked", count: 2 }])).toBe("Saved");
    expect(word([...late, { type: "closed" }])).toBe("Reconnecting…");
    expect(word([...late, { type: "closed" }, { type: "opened" }, { type: "synced" }])).toBe("Saving…");
  });

  it("never counts backwards when acknowledgements overtake each other", () => {
    const typed: SyncEvent[] = [
      ...opened,
      update,
      update,
      { type: "acked", count: 2 },
      { type: "acked", count: 1 },
    ];
    expect(word(typed)).toBe("Saved");
  });

  it("is Reconnecting at first and then Offline, with the changes kept", () => {
    const lost: SyncEvent[] = [{ type: "kept", unsent: false }, ...opened, { type: "closed" }];
    expect(word(lost)).toBe("Reconnecting…");
    expect(word([...lost, { type: "connecting" }])).toBe("Reconnecting…");
    expect(word([...lost, { type: "waited" }])).toBe("Offline – changes kept here");
    expect(word([...lost, { type: "waited" }, { type: "connecting" }])).toBe("Offline – changes kept here");
  });

  it("does not promise a copy that the browser cannot keep", () => {
    expect(word([...opened, { type: "closed" }, { type: "waited" }])).toBe("Offline – keep this page open");
  });

  it("believes an acknowledgement more than the browser's word about the network", () => {
    const offline: SyncEvent[] = [{ type: "kept", unsent: false }, ...opened, { type: "waited" }];
    expect(word(offline)).toBe("Saved");
    expect(word([...offline, update])).toBe("Offline – changes kept here");
    expect(word([...offline, update, { type: "acked", count: 1 }])).toBe("Saved");
  });

  it("stays unsaved over a reconnect until the whole state was sent and acknowledged", () => {
    const cut: SyncEvent[] = [...opened, update, { type: "closed" }];
    expect(hasUnsaved(reach(cut))).toBe(true);
    const again: SyncEvent[] = [...cut, { type: "opened" }, { type: "synced" }];
    expect(word(again)).toBe("Saving…");
    const sent: SyncEvent[] = [...again, { type: "sent", whole: true, counts: true }];
    expect(word(sent)).toBe("Saving…");
    expect(word([...sent, { type: "acked", count: 1 }])).toBe("Saved");
  });

  it("counts edits made offline as unsaved, also those of an earlier visit", () => {
    expect(hasUnsaved(reach([{ type: "edited" }]))).toBe(true);
    expect(hasUnsaved(reach([{ type: "kept", unsent: true }]))).toBe(true);
  });

  it("waits for no second exchange where the copy of an earlier visit comes after the first", () => {
    const late: SyncEvent[] = [...opened, update, { type: "kept", unsent: true }];
    expect(word(late)).toBe("Saving…");
    expect(word([...late, { type: "acked", count: 1 }])).toBe("Saved");
    const again: SyncEvent[] = [...opened, { type: "closed" }, { type: "opened" }];
    expect(hasUnsaved(reach([...again, { type: "kept", unsent: true }]))).toBe(true);
  });

  it("says View only to those who may not edit", () => {
    expect(word(opened, false)).toBe("View only");
  });

  it("follows a role that changes, and is truthful about what was written before", () => {
    const demoted: SyncEvent = { type: "role", mayEdit: false };
    expect(word([...opened, demoted])).toBe("View only");
    expect(word([...opened, update, demoted])).toBe("Saving…");
    expect(word([...opened, update, demoted, { type: "acked", count: 1 }])).toBe("View only");
    expect(word([...opened, demoted, { type: "role", mayEdit: true }])).toBe("Saved");
  });

  it.each([
    [CLOSE.signIn, "Signed out"],
    [CLOSE.forbidden, "No access"],
    [CLOSE.gone, "Removed"],
    [CLOSE.tooLarge, "Too large"],
    [CLOSE.protocol, "Disconnected"],
  ])("names the end of code %i in words", (code, expected) => {
    const ended = reach([...opened, { type: "closed" }, { type: "ended", code }, { type: "waited" }]);
    expect(statusWord(ended)).toMatchObject({ text: expected, tone: "stop", detail: endedSentence(code) });
  });

  it("starts anew when somebody connects again after an end", () => {
    const ended: SyncEvent[] = [...opened, { type: "closed" }, { type: "ended", code: CLOSE.signIn }];
    expect(word([...ended, { type: "connecting" }])).toBe("Reconnecting…");
  });
});
