/** The rail's panel of history: versions by day with who wrote; each can be looked at, named and brought back. */
import type { Editor } from "@tiptap/core";
import { safeColor } from "../collaboration/carets";
import { call, refusalOf } from "../documents/api";
import { notify } from "../editor/announce";
import { mayEdit, type Role } from "../editor/config";
import { openDialog } from "../editor/dialog";
import { isOutOfSight, make, makeButton } from "../page/elements";
import { openNaming } from "./naming";
import { openPreview, type PreviewActions } from "./preview";
import {
  authorsOf,
  byDay,
  momentOf,
  type Restored,
  timeOf,
  type Version,
  type VersionPage,
} from "./versions";

/** How long the text has to stay as it is before the list is read again. */
const REFRESH_MS = 5_000;

export class HistoryPanel {
  private readonly list = make("div", "history");
  private readonly note = make("p", "panel-empty");
  private readonly more: HTMLButtonElement;
  private versions: Version[] = [];
  private pages = 1;
  private read = 1;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly container: HTMLElement,
    private readonly editor: Editor,
    private readonly path: string,
    private readonly role: Role,
  ) {
    this.note.setAttribute("role", "status");
    this.more = makeButton("Show older versions", () => this.loadMore());
    this.more.hidden = true;
    container.append(make("h2", "visually-hidden", "History"));
    if (mayEdit(role)) {
      const name = makeButton("Name the text as it is now…", () => this.nameNow());
      container.append(make("div", "history-top", name));
    }
    container.append(this.note, this.list, this.more);
    editor.on("update", () => this.refreshLater());
  }

  /** Read the newest versions again: the panel came into view, or something changed. */
  async load(): Promise<void> {
    this.list.setAttribute("aria-busy", "true");
    if (this.versions.length === 0) this.note.textContent = "Looking up…";
    await this.attempt(async () => {
      const page = await call<VersionPage>("GET", this.path);
      this.read = 1;
      this.take(page, page.items);
    });
    this.list.removeAttribute("aria-busy");
  }

  private async loadMore(): Promise<void> {
    const first = this.versions.length;
    await this.attempt(async () => {
      const page = await call<VersionPage>("GET", `${this.path}?page=${this.read + 1}`);
      this.read += 1;
      const known = new Set(this.versions.map(({ number }) => number));
      this.take(page, [...this.versions, ...page.items.filter(({ number }) => !known.has(number))]);
    });
    this.list.querySelectorAll<HTMLElement>(".version")[first]?.focus();
  }

  private take({ pages }: VersionPage, versions: Version[]): void {
    this.versions = versions;
    this.pages = pages;
    this.draw();
  }

  private refreshLater(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!isOutOfSight(this.container) && this.read === 1) this.load();
    }, REFRESH_MS);
  }

  private draw(): void {
    const focused = this.list.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset.number
      : undefined;
    this.list.replaceChildren(
      ...byDay(this.versions).map(([day, versions]) =>
        make(
          "section",
          "",
          make("h3", "history-day", day),
          make("ul", "", ...versions.map((version) => make("li", "", this.item(version)))),
        ),
      ),
    );
    this.more.hidden = this.read >= this.pages;
    this.note.textContent =
      this.versions.length > 0 ? "" : "Versions appear as you write: one is kept whenever the text rests.";
    if (focused) this.list.querySelector<HTMLElement>(`[data-number="${focused}"]`)?.focus();
  }

  private item(version: Version): HTMLElement {
    const button = makeButton("", () => this.open(version), { kind: "quiet" });
    button.classList.add("version");
    button.dataset.number = String(version.number);
    const time = make("time", "version-time", timeOf(version.created_at));
    time.dateTime = version.created_at;
    button.append(make("span", "version-head", time, make("span", "version-name", version.name)));
    const origin = this.originOf(version);
    if (origin) button.append(make("span", "version-meta", origin));
    const dots = version.authors.slice(0, 3).map(({ color }) => {
      const dot = make("span", "version-dot");
      dot.style.setProperty("--person", safeColor(color));
      return dot;
    });
    const authors = authorsOf(version);
    if (authors) button.append(make("span", "version-meta", ...dots, authors));
    return button;
  }

  private originOf({ restored_from }: Version): string {
    if (restored_from === null) return "";
    const from = this.versions.find(({ number }) => number === restored_from);
    return from
      ? `Restored from ${from.name || momentOf(from.created_at)}`
      : "Restored from an older version";
  }

  private open(version: Version): void {
    const actions: PreviewActions = mayEdit(this.role)
      ? {
          restore: (done) => this.confirm(version, done),
          name: (done) => this.rename(version, done),
        }
      : {};
    this.attempt(() => openPreview(this.editor, this.path, version, actions));
  }

  private nameNow(): void {
    openNaming("Name the text as it is now", "", async (name) => {
      await call("POST", this.path, { name });
      await this.load();
    });
  }

  private rename(version: Version, done: () => void): void {
    openNaming(version.name ? "Rename this version" : "Name this version", version.name, async (name) => {
      await call("PATCH", `${this.path}${version.number}/`, { name });
      done();
      await this.load();
    });
  }

  private confirm(version: Version, done: () => void): void {
    const { body, close } = openDialog("Restore this version?");
    const restore = makeButton(
      "Restore",
      () => {
        close();
        done();
        this.restore(version.number, `Restored the version of ${momentOf(version.created_at)}.`);
      },
      { kind: "primary" },
    );
    body.append(
      make(
        "p",
        "",
        "The text becomes what it was then, for everybody in the document. What is there now stays in the history, so you can go back.",
      ),
      make("div", "dialog-actions", makeButton("Cancel", close), restore),
    );
  }

  private restore(number: number, words: string): void {
    this.attempt(async () => {
      const { changed, before } = await call<Restored>("POST", `${this.path}${number}/restore`);
      await this.load();
      if (!changed) notify("The text reads so already. Nothing was changed.");
      else
        notify(words, {
          action: { label: "Undo", run: () => this.restore(before, "The text is as it was before.") },
        });
    });
  }

  private async attempt(run: () => Promise<void>): Promise<void> {
    const why = await refusalOf(run);
    if (why && this.versions.length > 0) notify(why);
    else if (why) this.note.textContent = why;
  }
}
