import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { detailOf, linksSection, type ShareLink } from "./share-links";

const PATH = "/api/v1/documents/d1/links/";
const LINK: ShareLink = {
  id: "5b1e",
  role: "viewer",
  url: "https://interline.example/s/abc/",
  has_password: false,
  is_expired: false,
  people: 0,
  expires_at: null,
  last_used_at: null,
};

describe("the links of a document", () => {
  let links: ShareLink[];
  let sent: { method: string; path: string; body: unknown }[];
  let refusal: string;
  let section: HTMLElement;

  beforeEach(async () => {
    links = [];
    sent = [];
    refusal = "";
    document.body.innerHTML = '<form hidden><input name="csrfmiddlewaretoken" value="token"></form>';
    vi.stubGlobal("CSS", { escape: (text: string) => text });
    vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
      if (init.method === "GET") return Response.json({ items: links });
      sent.push({ method: init.method ?? "", path, body: init.body ? JSON.parse(String(init.body)) : null });
      if (refusal) return Response.json({ code: "conflict", detail: refusal }, { status: 409 });
      if (init.method === "DELETE") {
        links = [];
        return new Response(null, { status: 204 });
      }
      if (init.method === "POST") links = [LINK];
      return Response.json(LINK, { status: init.method === "POST" ? 201 : 200 });
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    document.body.replaceChildren();
  });

  async function shown(...those: ShareLink[]): Promise<void> {
    links = those;
    section = linksSection(PATH);
    document.body.append(section);
    await vi.waitFor(() => expect(section.querySelectorAll("li").length).toBeGreaterThan(0));
  }
  const click = (words: string) => {
    const buttons = [...section.querySelectorAll("button")];
    const button = buttons.find(
      (one) => one.textContent === words || one.getAttribute("aria-label") === words,
    );
    if (!button) throw new Error(`no button ${words}`);
    button.click();
  };
  const field = <T extends HTMLElement>(label: string) => {
    const found = [...section.querySelectorAll("label")].find((one) => one.textContent?.startsWith(label));
    const control = found?.querySelector<T>("input, select");
    if (!control) throw new Error(`no field ${label}`);
    return control;
  };
  const choose = (label: string, value: string) => {
    const select = field<HTMLSelectElement>(label);
    select.value = value;
    select.dispatchEvent(new Event("change"));
  };

  it("says that there is none", async () => {
    await shown();
    expect(section.querySelector("li")?.textContent).toBe("Nobody gets in by a link.");
  });

  it("makes one with a role, an expiry and a password, and leads to copying it", async () => {
    await shown();
    click("New link…");
    choose("Role", "commenter");
    choose("Expires", "7");
    field<HTMLInputElement>("Password").value = "seven herons";
    click("Make link");
    await vi.waitFor(() => expect(section.querySelector(".share-link")).not.toBeNull());
    expect(sent).toMatchObject([{ method: "POST", path: PATH }]);
    const made = sent[0]?.body as { role: string; expires_at: string; password: string };
    expect(made).toMatchObject({ role: "commenter", password: "seven herons" });
    const days = (new Date(made.expires_at).getTime() - Date.now()) / 86_400_000;
    expect(days).toBeCloseTo(7, 1);
    expect(document.activeElement?.textContent).toBe("Copy link");
  });

  it("sends nothing that the server would refuse", async () => {
    await shown();
    click("New link…");
    field<HTMLInputElement>("Password").value = "short";
    click("Make link");
    expect(section.querySelector(".share-link-form .problem")?.textContent).toContain("at least 8");
    field<HTMLInputElement>("Password").value = "";
    choose("Expires", "time");
    field<HTMLInputElement>("Date and time").value = "2001-01-01T00:00";
    click("Make link");
    expect(section.querySelector(".share-link-form .problem")?.textContent).toBe("Choose a time to come.");
    expect(sent).toEqual([]);
  });

  it("shows the server's refusal and keeps what was filled in", async () => {
    refusal = "A document has at most 20 links.";
    await shown();
    click("New link…");
    field<HTMLInputElement>("Password").value = "seven herons";
    click("Make link");
    await vi.waitFor(() => expect(section.textContent).toContain(refusal));
    expect(field<HTMLInputElement>("Password").value).toBe("seven herons");
  });

  it("changes the role at once, and of the rest only what was set", async () => {
    await shown({ ...LINK, has_password: true });
    const select = section.querySelector<HTMLSelectElement>(".share-link select");
    if (!select) throw new Error("no select");
    expect([...select.options].map(({ value }) => value)).not.toContain("owner");
    select.value = "editor";
    select.dispatchEvent(new Event("change"));
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    await vi.waitFor(() => expect(section.querySelector("[aria-busy]")).toBeNull());
    click("Change expiry and password of the viewers’ link");
    field<HTMLInputElement>("Ask for no password").click();
    click("Change link");
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    expect(sent.map(({ body }) => body)).toEqual([{ role: "editor" }, { password: null }]);
    expect(sent[1]?.path).toBe(`${PATH}5b1e/`);
  });

  it("asks before it revokes, and says whom it concerns", async () => {
    await shown({ ...LINK, people: 3 });
    click("Revoke the viewers’ link");
    expect(section.querySelector(".share-link-more")?.textContent).toContain("3 people who are in by it");
    click("Keep");
    expect(section.querySelector(".share-link-more")).toBeNull();
    click("Revoke the viewers’ link");
    click("Revoke");
    await vi.waitFor(() => expect(section.textContent).toContain("Nobody gets in by a link."));
    expect(sent).toEqual([{ method: "DELETE", path: `${PATH}5b1e/`, body: null }]);
  });

  it("shows a link that cannot be copied", async () => {
    vi.spyOn(navigator.clipboard, "writeText").mockRejectedValue(new Error("not here"));
    await shown(LINK);
    click("Copy link");
    await vi.waitFor(() => expect(section.querySelector(".share-link-address")).not.toBeNull());
    expect(section.querySelector<HTMLInputElement>(".share-link-address")?.value).toBe(LINK.url);
  });

  it("says of a link what it does", () => {
    expect(detailOf(LINK)).toBe("No expiry · not opened yet");
    const used = { ...LINK, people: 1, has_password: true, last_used_at: "2030-01-02T12:00:00Z" };
    expect(detailOf(used)).toMatch(/^No expiry · with a password · opened by one person, last .*2030/);
    const over = { ...LINK, is_expired: true, expires_at: "2020-01-02T12:00:00Z" };
    expect(detailOf(over)).toMatch(/^Expired .*2020/);
  });
});
