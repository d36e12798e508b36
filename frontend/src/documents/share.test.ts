import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Members, openShare } from "./share";

const PATH = "/api/v1/documents/d1/members/";

describe("the share dialog", () => {
  let calls: { method: string; path: string; body: unknown; csrf: string | null }[];
  let members: Members;
  let refusal: { status: number; detail: string } | null;

  beforeEach(() => {
    calls = [];
    refusal = null;
    members = {
      members: [
        { id: "a", name: "Alice", email: "alice@example.org", role: "owner", you: true },
        { id: "b", name: "Bob", email: "bob@example.org", role: "editor", you: false },
      ],
      invitations: [{ email: "new+1@example.org", role: "viewer" }],
      team: null,
    };
    document.body.innerHTML = '<form hidden><input name="csrfmiddlewaretoken" value="token"></form>';
    vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
      const headers = init.headers as Record<string, string>;
      const body = init.body ? JSON.parse(String(init.body)) : null;
      calls.push({ method: init.method ?? "", path, body, csrf: headers["X-CSRFToken"] ?? null });
      if (init.method !== "GET" && refusal) {
        return Response.json({ code: "invalid", detail: refusal.detail }, { status: refusal.status });
      }
      if (init.method === "GET" && path.endsWith("/links/")) return Response.json({ items: [] });
      if (path === "/api/v1/teams/") return Response.json({ items: [{ id: "t", name: "Night desk" }] });
      return init.method === "GET" ? Response.json(members) : new Response(null, { status: 204 });
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  async function opened(): Promise<HTMLDialogElement> {
    openShare(PATH);
    const dialog = document.querySelector("dialog");
    if (!dialog) throw new Error("no dialog");
    await vi.waitFor(() => expect(dialog.querySelectorAll(".member").length).toBeGreaterThan(0));
    return dialog;
  }
  const sent = () => vi.waitFor(() => expect(calls.some(({ method }) => method !== "GET")).toBe(true));

  it("lists members and those who were invited", async () => {
    const dialog = await opened();
    const rows = [...dialog.querySelectorAll(".member")].map(
      (row) => row.querySelector(".member-name")?.textContent,
    );
    expect(rows).toEqual(["Alice (you)", "Bob", "new+1@example.org"]);
  });

  it("invites by e-mail with a role", async () => {
    const dialog = await opened();
    const [email, role] = [dialog.querySelector("input"), dialog.querySelector("select")];
    if (email) email.value = " carol@example.org ";
    if (role) role.value = "commenter";
    dialog.querySelector("form")?.requestSubmit();
    await sent();
    expect(calls).toContainEqual({
      method: "POST",
      path: PATH,
      body: { email: "carol@example.org", role: "commenter" },
      csrf: "token",
    });
  });

  it("shows the server's refusal in words", async () => {
    refusal = { status: 409, detail: "The last owner has to stay." };
    const dialog = await opened();
    dialog.querySelector<HTMLElement>('[aria-label="Remove Bob"]')?.click();
    await vi.waitFor(() => expect(dialog.querySelector('[role="alert"]')?.textContent).toBe(refusal?.detail));
  });

  it("changes a role", async () => {
    const dialog = await opened();
    const select = dialog.querySelector<HTMLSelectElement>('[aria-label="Role of Bob"]');
    if (!select) throw new Error("no select");
    select.value = "viewer";
    select.dispatchEvent(new Event("change"));
    await sent();
    expect(calls).toContainEqual({
      method: "PATCH",
      path: `${PATH}b/`,
      body: { role: "viewer" },
      csrf: "token",
    });
  });

  it("shares with a team of one's own", async () => {
    const dialog = await opened();
    const select = dialog.querySelector<HTMLSelectElement>('[aria-label="Share with a team"]');
    if (!select) throw new Error("no select");
    expect(select.hidden).toBe(false);
    select.value = "t";
    select.dispatchEvent(new Event("change"));
    await sent();
    const path = "/api/v1/documents/d1/";
    expect(calls).toContainEqual({ method: "PATCH", path, body: { team: "t" }, csrf: "token" });
  });

  it("says which team has it, and takes it back", async () => {
    members.team = { id: "t", name: "Night desk", role: "commenter" };
    const dialog = await opened();
    const role = dialog.querySelector<HTMLSelectElement>('[aria-label="Role of everybody in Night desk"]');
    expect(role?.value).toBe("commenter");
    expect([...(role?.options ?? [])].map(({ value }) => value)).not.toContain("owner");
    expect(dialog.querySelector<HTMLElement>('[aria-label="Share with a team"]')?.hidden).toBe(true);
    dialog.querySelector<HTMLElement>('[aria-label="Stop sharing with Night desk"]')?.click();
    await sent();
    const path = "/api/v1/documents/d1/";
    expect(calls).toContainEqual({ method: "PATCH", path, body: { team: null }, csrf: "token" });
  });

  it("withdraws an invitation", async () => {
    const dialog = await opened();
    dialog.querySelector<HTMLElement>('[aria-label^="Withdraw"]')?.click();
    await sent();
    const path = "/api/v1/documents/d1/invitations/new%2B1%40example.org/";
    expect(calls).toContainEqual({ method: "DELETE", path, body: null, csrf: "token" });
  });

  it("asks for an address before it sends anything", async () => {
    const dialog = await opened();
    dialog.querySelector("form")?.requestSubmit();
    expect(dialog.querySelector('[role="alert"]')?.textContent).toContain("Write the e-mail address");
    expect(calls.every(({ method }) => method === "GET")).toBe(true);
  });
});
