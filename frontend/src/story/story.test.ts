/** The story's sheet in the rail, against a server played by the test. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Assistant } from "../assistant/assistant";
import type { Role } from "../editor/config";
import { FakeSocket, makeConfig } from "../testing/fake-socket";
import { StoryPanel } from "./panel";
import type { Changes, Entry, Sheet } from "./sheet";

const ANNA: Entry = { id: 1, kind: "character", name: "Anna", note: "Late.", by_person: false };
const MILL: Entry = { id: 2, kind: "place", name: "The mill", note: "", by_person: true };

/** The server's sheet: entries that were taken out come back under the same id. */
class PlayedServer {
  sheet: Sheet = { entries: [ANNA, MILL], read_at: "2026-05-01T10:00:00Z", reading: false };
  readonly patches: Changes[] = [];
  fails: { status: number; detail: string } | null = null;

  readonly fetch = vi.fn(async (_path: string, init: RequestInit) => {
    if (this.fails) return Response.json({ code: "internal", ...this.fails }, { status: this.fails.status });
    if (init.method === "PATCH") this.patch(JSON.parse(String(init.body)));
    return Response.json(this.sheet);
  });

  patch(changes: Changes): void {
    this.patches.push(changes);
    const { add = [], change = [], remove = [] } = changes;
    const entries = this.sheet.entries
      .filter(({ id }) => !remove.includes(id))
      .map((entry) => ({ ...entry, ...change.find(({ id }) => id === entry.id) }));
    const added = add.map((content, at) => ({ ...content, id: 10 + entries.length + at, by_person: true }));
    this.sheet = { ...this.sheet, entries: [...entries, ...added] };
  }
}

describe("the story panel", () => {
  let server: PlayedServer;
  let panel: StoryPanel;
  let container: HTMLElement;
  let assistant: Assistant;
  let shown = true;

  function open(role: Role = "editor"): Promise<void> {
    const config = { ...makeConfig({ id: "u1", name: "Alice", color: "#9f3a38" }), role };
    assistant = new Assistant(config);
    panel = new StoryPanel(container, { assistant, hasText: () => true, isShown: () => shown });
    return panel.load();
  }

  beforeEach(() => {
    FakeSocket.of.clear();
    vi.stubGlobal("WebSocket", FakeSocket);
    server = new PlayedServer();
    vi.stubGlobal("fetch", server.fetch);
    document.body.innerHTML = '<div id="toasts"></div><div id="announcements"></div><div id="panel"></div>';
    container = document.getElementById("panel") as HTMLElement;
    shown = true;
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const button = (name: string, home: ParentNode = container) =>
    [...home.querySelectorAll<HTMLButtonElement>("button")].find(
      (one) => (one.getAttribute("aria-label") ?? one.textContent) === name && !one.hidden,
    );
  const press = (name: string, home?: ParentNode) => (button(name, home) as HTMLElement).click();
  const rows = () => [...container.querySelectorAll(".story-entry")].map((row) => row.textContent);
  const status = () => container.querySelector("[role=status]")?.textContent;
  const problem = () => container.querySelector("[role=alert]")?.textContent;
  const field = (name: "input" | "textarea" | "select") =>
    container.querySelector(`.story-form ${name}`) as HTMLInputElement;
  const saved = () => vi.waitFor(() => expect(container.querySelector(".story-form")).toBeNull());

  it("lists what is in the story by kind, and says what people wrote", async () => {
    await open();
    expect([...container.querySelectorAll("h3")].map((one) => one.textContent)).toEqual([
      "Characters",
      "Places",
    ]);
    expect(rows()).toEqual(["AnnaLate.", "The millWritten by people"]);
    expect(status()).toContain("Last read from the text");
  });

  it("lets those who only read and comment see it, and no more", async () => {
    await open("editor");
    await vi.waitFor(() => expect(FakeSocket.latest.isGreeted).toBe(true));
    FakeSocket.latest.say({ type: "role", role: "commenter" });
    expect(rows()).toHaveLength(2);
    expect([...container.querySelectorAll("button")].filter((one) => !one.hidden)).toEqual([]);
    FakeSocket.latest.say({ type: "role", role: "editor" });
    await vi.waitFor(() => expect(button("Edit Anna")).toBeDefined());
  });

  it("adds an entry, and gives it the focus", async () => {
    await open();
    press("Add an entry");
    expect(document.activeElement).toBe(field("input"));
    field("select").value = "thread";
    field("input").value = "  The   letter ";
    press("Save");
    await saved();
    expect(server.patches).toEqual([{ add: [{ kind: "thread", name: "The letter", note: "" }] }]);
    expect(document.activeElement).toBe(button("Edit The letter"));
  });

  it("changes only what was changed", async () => {
    await open();
    press("Edit Anna");
    field("textarea").value = "Afraid of water.";
    press("Save");
    await saved();
    expect(server.patches).toEqual([{ change: [{ id: 1, note: "Afraid of water." }] }]);
    expect(rows()[0]).toBe("AnnaAfraid of water.");
  });

  it("takes an entry out, and brings it back with its note", async () => {
    await open();
    press("Remove Anna");
    await vi.waitFor(() => expect(rows()).toHaveLength(1));
    expect(document.activeElement).toBe(button("Edit The mill"));
    press("Undo", document);
    await vi.waitFor(() => expect(rows()).toHaveLength(2));
    expect(server.patches.at(-1)).toEqual({ add: [{ kind: "character", name: "Anna", note: "Late." }] });
  });

  it("writes over nobody's words unasked", async () => {
    await open();
    press("Edit Anna");
    field("textarea").value = "Mine.";
    server.sheet = { ...server.sheet, entries: [{ ...ANNA, note: "Theirs." }, MILL] };
    press("Save");
    await vi.waitFor(() => expect(problem()).toContain("“Anna – Theirs.”"));
    expect(field("textarea").value).toBe("Mine.");
    expect(server.patches).toEqual([]);
    press("Save");
    await saved();
    expect(server.patches).toEqual([{ change: [{ id: 1, note: "Mine." }] }]);
  });

  it("keeps what is being written when somebody removes the entry, and adds it when that is wished", async () => {
    await open();
    press("Edit Anna");
    field("textarea").value = "Mine.";
    server.sheet = { ...server.sheet, entries: [MILL] };
    window.dispatchEvent(new Event("focus"));
    await vi.waitFor(() => expect(rows()).toEqual(["The millWritten by people"]));
    expect(field("textarea").value).toBe("Mine.");
    press("Save");
    await vi.waitFor(() => expect(problem()).toContain("removed this entry"));
    press("Save");
    await saved();
    expect(server.patches).toEqual([{ add: [{ kind: "character", name: "Anna", note: "Mine." }] }]);
  });

  it("adds no second entry of a name over the first", async () => {
    await open();
    press("Add an entry");
    field("input").value = "anna";
    press("Save");
    await vi.waitFor(() => expect(problem()).toContain("“Anna” already"));
    expect(server.patches).toEqual([]);
  });

  it("does not throw a begun entry away for another", async () => {
    await open();
    press("Add an entry");
    field("input").value = "Piet";
    press("Edit Anna");
    expect(field("input").value).toBe("Piet");
    expect(problem()).toBe("Save or cancel this entry first.");
  });

  it("says what went wrong, and tries again; what was written stays", async () => {
    server.fails = { status: 500, detail: "Something went wrong." };
    await open();
    expect(status()).toBe("Something went wrong.");
    server.fails = null;
    press("Try again");
    await vi.waitFor(() => expect(rows()).toHaveLength(2));
    expect(button("Try again")).toBeUndefined();
    press("Edit Anna");
    field("textarea").value = "Mine.";
    server.fails = { status: 413, detail: "note: It is too long." };
    press("Save");
    await vi.waitFor(() => expect(problem()).toBe("It is too long."));
    expect(field("textarea").value).toBe("Mine.");
  });

  it("has an empty sheet read from the text when somebody wants that, and shows what was found", async () => {
    server.sheet = { entries: [], read_at: null, reading: false };
    await open();
    expect(status()).toContain("No characters, places or threads are kept yet");
    vi.useFakeTimers();
    press("Read the text");
    await vi.advanceTimersByTimeAsync(0);
    expect(server.patches).toEqual([{}]);
    expect(status()).toBe("The text will be read within a minute.");
    server.sheet = { ...server.sheet, reading: true };
    await vi.advanceTimersByTimeAsync(5000);
    expect(status()).toBe("The text is being read…");
    server.sheet = { entries: [ANNA], read_at: "2026-05-01T10:00:00Z", reading: false };
    await vi.advanceTimersByTimeAsync(5000);
    expect(rows()).toEqual(["AnnaLate."]);
    const asked = server.fetch.mock.calls.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.fetch.mock.calls.length).toBe(asked);
  });

  it("looks up what others changed when somebody comes back to it, and only where it is seen", async () => {
    await open();
    server.sheet = { ...server.sheet, entries: [MILL] };
    shown = false;
    window.dispatchEvent(new Event("focus"));
    shown = true;
    expect(server.fetch).toHaveBeenCalledTimes(1);
    window.dispatchEvent(new Event("focus"));
    await vi.waitFor(() => expect(rows()).toHaveLength(1));
  });
});
