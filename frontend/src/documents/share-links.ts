/** In the share dialog: the links that let in whoever opens them. */
import { announce } from "../editor/announce";
import { make, makeButton } from "../page/elements";
import { call, Problem } from "./api";
import { linkForm } from "./share-link-form";
import { copyButton, item, removeButton, roleSelect } from "./share-parts";

export interface ShareLink {
  id: string;
  role: string;
  url: string;
  has_password: boolean;
  is_expired: boolean;
  /** How many have opened it. */
  people: number;
  expires_at: string | null;
  last_used_at: string | null;
}

/** The links of the resource at `path` (ending in `links/`). */
export function linksSection(path: string): HTMLElement {
  const links = new Links(path);
  links.load();
  return links.element;
}

class Links {
  readonly element = make("section", "share-links");
  private readonly list = make("ul", "members");
  private readonly problem = make("p", "problem");
  private readonly place = make("div", "");
  private readonly add = makeButton("New link…", () => this.offerForm(), { icon: "link" });

  constructor(private readonly path: string) {
    const heading = make("h3", "", "Links");
    heading.id = "share-links-heading";
    this.element.setAttribute("aria-labelledby", heading.id);
    this.problem.setAttribute("role", "alert");
    this.element.append(
      make("div", "share-links-top", heading, this.add),
      this.place,
      this.problem,
      this.list,
    );
  }

  async load(): Promise<void> {
    this.list.setAttribute("aria-busy", "true");
    const words = this.problem.textContent;
    const found = await this.attempt(() => call<{ items: ShareLink[] }>("GET", this.path));
    if (found) {
      this.problem.textContent = words; // of the action before, which this shows the result of
      this.draw(found.items);
    }
    this.list.removeAttribute("aria-busy");
  }

  private draw(links: ShareLink[]): void {
    const none = make("li", "member-email", "Nobody gets in by a link.");
    this.list.replaceChildren(...(links.length > 0 ? links.map((link) => this.row(link)) : [none]));
  }

  private row(link: ShareLink): HTMLElement {
    const named = `the ${link.role}s’ link`;
    const select = roleSelect(link.role, "Role of whoever opens the link", "owner");
    select.addEventListener("change", async () => {
      const done = await this.attempt(() => call("PATCH", this.at(link), { role: select.value }));
      if (done) announce(`Whoever has the link is now ${select.value}.`);
      await this.load();
      this.focusOn(link.id, "select");
    });
    const copy = copyButton("Copy link", link.url, (url) => this.show(row, url));
    const change = makeButton("", () => this.offerChange(row, link), {
      kind: "icon",
      icon: "pencil",
      label: `Change expiry and password of ${named}`,
    });
    const revoke = removeButton(`Revoke ${named}`, () => this.askToRevoke(row, link));
    const tools = make("div", "share-link-tools", select, copy);
    const row = item("Whoever has the link", detailOf(link), change, revoke, tools);
    row.className = "share-link";
    row.classList.toggle("share-link-over", link.is_expired);
    row.dataset.link = link.id;
    return row;
  }

  private offerForm(): void {
    const form = linkForm({ submit: "Make link", close: () => this.closeForm() }, async (wanted) => {
      const made = await this.attempt(() => call<ShareLink>("POST", this.path, wanted));
      if (!made) return;
      this.place.replaceChildren();
      await this.load();
      announce("The link is made. Copy it, and send it to whom you want to let in.");
      this.focusOn(made.id, "button");
    });
    this.place.replaceChildren(form);
    form.querySelector("select")?.focus();
  }

  private closeForm(): void {
    this.place.replaceChildren();
    this.add.focus();
  }

  private offerChange(row: HTMLElement, link: ShareLink): void {
    const close = () => {
      form.remove();
      row.querySelector("button")?.focus();
    };
    const form = linkForm({ submit: "Change link", close, link }, async (wanted) => {
      if (Object.keys(wanted).length === 0) return close();
      const done = await this.attempt(() => call("PATCH", this.at(link), wanted));
      if (!done) return;
      await this.load();
      announce("The link is changed, also for those who are in by it.");
      this.focusOn(link.id, "button");
    });
    for (const other of this.list.querySelectorAll(".share-link-form, .share-link-more")) other.remove();
    row.append(form);
    form.querySelector("select")?.focus();
  }

  private askToRevoke(row: HTMLElement, link: ShareLink): void {
    const people = link.people === 1 ? "one person who is" : `${link.people} people who are`;
    const who = link.people > 0 ? `It ends at once for the ${people} in by it.` : "Nobody has opened it.";
    const keep = makeButton("Keep", () => {
      asked.remove();
      row.querySelector<HTMLElement>("button:nth-of-type(2)")?.focus();
    });
    const revoke = makeButton("Revoke", () => this.revoke(link), { kind: "danger" });
    const asked = make(
      "div",
      "share-link-more",
      make("p", "", `Revoke this link? ${who}`),
      make("div", "dialog-actions", keep, revoke),
    );
    for (const other of this.list.querySelectorAll(".share-link-form, .share-link-more")) other.remove();
    row.append(asked);
    revoke.focus();
  }

  private async revoke(link: ShareLink): Promise<void> {
    const done = await this.attempt(async () => {
      await call("DELETE", this.at(link));
      return true;
    });
    if (done) announce("The link is revoked. It lets nobody in any more.");
    await this.load();
    this.add.focus();
  }

  /** Where it cannot be copied, it is shown, to be copied by hand. */
  private show(row: HTMLElement, url: string): void {
    const field = make("input", "share-link-address");
    field.readOnly = true;
    field.value = url;
    field.setAttribute("aria-label", "The link, to copy by hand");
    row.querySelector(".share-link-address")?.remove();
    row.append(field);
    field.focus();
    field.select();
  }

  private at(link: ShareLink): string {
    return `${this.path}${link.id}/`;
  }

  private focusOn(id: string, kind: "select" | "button"): void {
    this.list
      .querySelector<HTMLElement>(`[data-link="${CSS.escape(id)}"] .share-link-tools ${kind}`)
      ?.focus();
  }

  /** Run it, and show what went wrong in words. Return what it does, or null where it failed. */
  private async attempt<T>(run: () => Promise<T>): Promise<T | null> {
    this.problem.textContent = "";
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem.textContent = error.message;
      return null;
    }
  }
}

/** What a link says of itself: until when, with what, and how much it was used. */
export function detailOf(link: ShareLink): string {
  const until = link.expires_at ? when(link.expires_at) : "";
  const ends = link.is_expired ? `Expired ${until}` : until ? `Until ${until}` : "No expiry";
  const opened = link.people === 1 ? "opened by one person" : `opened by ${link.people} people`;
  const used = link.last_used_at ? `${opened}, last ${when(link.last_used_at)}` : "not opened yet";
  return [ends, ...(link.has_password ? ["with a password"] : []), used].join(" · ");
}

function when(moment: string): string {
  return new Date(moment).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
