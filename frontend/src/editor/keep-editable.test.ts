/** Who may write, as roles and connections change. */
import type { Editor } from "@tiptap/core";
import { beforeEach, describe, expect, it } from "vitest";
import type { Assistant } from "../assistant/assistant";
import type { Connection } from "../collaboration/connection";
import { initialState, next, type SyncEvent, type SyncState } from "../collaboration/status";
import { makeConfig } from "../testing/fake-socket";
import { makePeers, type Peers } from "../testing/peers";
import type { Role } from "./config";
import { keepEditable } from "./keep-editable";

describe("the permission to write", () => {
  let peers: Peers;
  let editor: Editor;
  let title: HTMLTextAreaElement;
  let state: SyncState;
  let hear: (state: SyncState) => void;
  let setRole: (role: Role) => void;

  const tell = (event: SyncEvent) => {
    state = next(state, event);
    hear(state);
  };
  const notices = () => document.getElementById("toasts")?.textContent ?? "";

  beforeEach(() => {
    document.body.innerHTML = '<div id="toasts"></div>';
    peers = makePeers();
    editor = peers.alice.editor;
    title = document.createElement("textarea");
    title.readOnly = true;
    state = initialState(true);
    const connection = {
      onState(listener: (state: SyncState) => void) {
        hear = listener;
        listener(state);
      },
      setRole: (role: Role) => tell({ type: "role", mayEdit: role === "editor" || role === "owner" }),
    } as Connection;
    const assistant = {
      config: makeConfig({ id: "u1", name: "Alice", color: "#9f3a38" }),
      hello: null,
      onRole(listener: (role: Role) => void) {
        setRole = listener;
      },
    } as unknown as Assistant;
    keepEditable({ editor, title, connection, assistant });
  });

  const writable = () => [editor.isEditable, !title.readOnly];

  it("follows the role, at once and with a word", () => {
    expect(writable()).toEqual([true, true]);
    setRole("viewer");
    expect(writable()).toEqual([false, false]);
    expect(document.body.dataset.role).toBe("viewer");
    expect(notices()).toContain("only read");
    setRole("editor");
    expect(writable()).toEqual([true, true]);
    expect(notices()).toContain("may edit");
  });

  it("says nothing when the role only changes its name, or not at all", () => {
    setRole("editor");
    setRole("owner");
    expect([writable(), notices()]).toEqual([[true, true], ""]);
  });

  it("ends with the connection: what is written then would reach nobody", () => {
    tell({ type: "ended", code: 4403 });
    setRole("owner");
    expect(writable()).toEqual([false, false]);
  });
});
