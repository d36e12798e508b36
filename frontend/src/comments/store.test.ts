/** The store against a server played by the test: what it reads again, and when. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Thread } from "./comment";
import { CommentStore } from "./store";

const BOB = { id: "u2", name: "Bob", color: "#9f3a38" };

function thread(id: string, body: string, state: "shown" | "removed" = "shown"): Thread {
  const comment = { id, user: BOB, body, mentions: [], state, can_restore: false };
  return {
    id,
    anchor: null,
    quote: "",
    created_at: "2030-01-01T00:00:00Z",
    resolved_at: null,
    resolved_by: null,
    comments: [{ ...comment, created_at: "2030-01-01T00:00:00Z", edited_at: null }],
  };
}

describe("the comments of a document", () => {
  let server: { threads: Map<string, Thread>; version: number };
  let asked: string[];
  let heard: string[];
  let store: CommentStore;

  beforeEach(async () => {
    server = { threads: new Map([["t1", thread("t1", "One.")]]), version: 3 };
    asked = [];
    vi.stubGlobal("fetch", async (path: string) => {
      asked.push(path);
      const id = /comments\/(\w+)\/$/.exec(path)?.[1];
      if (!id) {
        const items = [...server.threads.values()];
        return new Response(JSON.stringify({ items, version: server.version, pages: 1 }));
      }
      const found = server.threads.get(id);
      return new Response(JSON.stringify(found ?? {}), { status: found ? 200 : 404 });
    });
    store = new CommentStore("/api/v1/documents/d1/", "u1");
    heard = [];
    store.follow((news) => heard.push(...news.map(({ comment }) => comment.body)));
    await store.load();
    asked.length = 0;
  });
  afterEach(() => vi.unstubAllGlobals());

  it("reads the one thread that changed, and tells what others said", async () => {
    server.threads.set("t2", thread("t2", "Two."));
    store.hear({ version: 4, thread: "t2" });
    await vi.waitFor(() => expect(store.get("t2")).toBeDefined());
    expect(asked).toEqual(["/api/v1/documents/d1/comments/t2/"]);
    expect(heard).toEqual(["Two."]);
  });

  it("reads all of them where a version was missed", async () => {
    server.threads.set("t2", thread("t2", "Two.")).set("t3", thread("t3", "Three."));
    server.version = 5;
    store.hear({ version: 5, thread: "t3" });
    await vi.waitFor(() => expect(store.all()).toHaveLength(3));
    expect(asked[0]).toContain("/comments/?page=1");
  });

  it("reads nothing where a hello brings what is known, and all where it brings more", async () => {
    store.hear({ version: 3, thread: null });
    expect(asked).toEqual([]);
    server.threads.delete("t1");
    server.version = 9;
    store.hear({ version: 9, thread: null });
    await vi.waitFor(() => expect(store.all()).toEqual([]));
  });

  it("reads once more what changed while it was reading", async () => {
    const reading = store.load();
    server.threads.set("t2", thread("t2", "Two."));
    server.version = 4;
    store.hear({ version: 4, thread: "t2" });
    await reading;
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    await vi.waitFor(() => expect(store.get("t2")).toBeDefined());
  });

  it("lists no thread of which everything is removed", async () => {
    server.threads.set("t1", thread("t1", "", "removed"));
    store.hear({ version: 4, thread: "t1" });
    await vi.waitFor(() => expect(store.all()).toEqual([]));
    expect(heard).toEqual([]);
  });
});
