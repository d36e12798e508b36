/** The rail's panel of a story: its characters, places and threads, read from the text and kept as people want them. */
import type { Assistant } from "../assistant/assistant";
import { refusalOf } from "../documents/api";
import { announce, notify } from "../editor/announce";
import { mayEdit } from "../editor/config";
import { STORY_POLL_MS, STORY_POLLS } from "../editor/limits";
import { make, makeButton } from "../page/elements";
import { EntryForm } from "./form";
import { type Changes, type Content, type Entry, KIND_WORDS, KINDS, type Kind, SheetStore } from "./sheet";

const EMPTY =
  "No characters, places or threads are kept yet; what is kept here is given to the assistant when it writes the story on.";

export interface StorySurroundings {
  assistant: Assistant;
  /** Whether there is something to read. */
  hasText(): boolean;
  /** Whether the panel is in view. */
  isShown(): boolean;
}

export class StoryPanel {
  private readonly store: SheetStore;
  private readonly status = make("p", "panel-empty");
  private readonly again = makeButton("Try again", () => this.load());
  private readonly read = makeButton("Read the text", () => this.begin(), { icon: "sparkles" });
  private readonly add = makeButton("Add an entry", () => this.open(null), { icon: "plus" });
  private readonly list = make("div", "story-kinds");
  private form: EntryForm | null = null;
  private editable: boolean;
  private failure = "";
  private drawn = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** How often a reading that somebody asked for is still looked for. */
  private polls = 0;

  constructor(
    private readonly container: HTMLElement,
    private readonly around: StorySurroundings,
  ) {
    const { config } = around.assistant;
    this.store = new SheetStore(config.document.id);
    this.editable = mayEdit(config.role);
    this.status.setAttribute("role", "status");
    container.append(
      make("h2", "visually-hidden", "Story"),
      this.status,
      make("div", "story-actions", this.again, this.read, this.add),
      this.list,
    );
    around.assistant.onRole((role) => {
      this.editable = mayEdit(role);
      this.draw();
    });
    around.assistant.onPolicy(() => this.draw());
    // Nobody tells what others change: it is looked up when somebody comes back.
    window.addEventListener("focus", () => {
      if (around.isShown()) this.load();
    });
    this.draw();
  }

  /** Look up how it stands. */
  async load(): Promise<void> {
    clearTimeout(this.timer);
    const before = this.store.known?.read_at;
    this.list.setAttribute("aria-busy", "true");
    const failure = await this.attempt(() => this.store.load());
    this.list.removeAttribute("aria-busy");
    this.failure = failure;
    const { known } = this.store;
    if (before !== undefined && known?.read_at !== before) this.polls = 0;
    if (!failure && (known?.reading || this.polls > 0)) this.loadLater();
    this.draw();
  }

  private loadLater(): void {
    clearTimeout(this.timer);
    this.polls = Math.max(0, this.polls - 1);
    this.timer = setTimeout(() => {
      if (this.around.isShown() && !document.hidden) this.load();
    }, STORY_POLL_MS);
  }

  /** Have the text read, from now on. */
  private async begin(): Promise<void> {
    if (!this.around.hasText()) {
      notify("Write something first: there is no text to read.");
      return;
    }
    this.failure = await this.attempt(() => this.change({}));
    this.draw();
    this.add.focus();
  }

  /** Change the sheet. With its first change the text begins to be read for it. */
  private async change(changes: Changes): Promise<void> {
    await this.store.change(changes);
    if (this.store.known?.read_at !== null || !this.around.hasText()) return;
    this.polls = STORY_POLLS;
    this.loadLater();
  }

  // ---------------------------------------------------------------- changing

  private open(entry: Entry | null): void {
    // What somebody has begun to write is not thrown away for another entry.
    if (this.form && this.form.base?.id !== entry?.id && !this.isAsItWas(this.form)) {
      this.form.complain("Save or cancel this entry first.");
      this.form.focus();
      return;
    }
    this.form = new EntryForm(entry, {
      save: (form) => this.save(form),
      cancel: (form) => this.close(form.base?.id),
    });
    this.draw();
    this.form.focus();
  }

  private isAsItWas(form: EntryForm): boolean {
    const { kind, name, note } = form.content();
    const { base } = form;
    return base ? isSame(base, { kind, name, note }) : name === "" && note === "";
  }

  /** Close the form, and give the focus to the entry. */
  private close(id: number | undefined): void {
    this.form = null;
    this.draw();
    const edit = this.list.querySelector<HTMLElement>(`[data-entry="${id}"] button`);
    (edit ?? this.add).focus();
  }

  private async save(form: EntryForm): Promise<void> {
    const wanted = form.content();
    if (!wanted.name) {
      form.complain("An entry has a name.");
      form.focus();
      return;
    }
    form.wait(true);
    let conflict = "";
    const failure = await this.attempt(async () => {
      await this.store.load();
      conflict = this.conflictOf(form, wanted);
      if (conflict) return;
      const { base } = form;
      await this.change(base ? { change: [changeOf(base, wanted)] } : { add: [wanted] });
    });
    form.wait(false);
    if (failure || conflict) {
      this.draw();
      form.complain(conflict || failure);
      return;
    }
    announce(`${wanted.name} was saved.`);
    this.close(this.store.named(wanted)?.id);
  }

  /** Say what somebody else has done to the entry meanwhile, once: saving again means it. */
  private conflictOf(form: EntryForm, wanted: Content): string {
    const { base } = form;
    const namesake = this.store.named(wanted);
    if (namesake && namesake.id !== base?.id) return `There is an entry “${namesake.name}” already.`;
    if (!base) return "";
    const now = this.store.find(base.id);
    if (now && isSame(now, base)) return "";
    form.base = now ?? null;
    if (!now) return "Somebody has removed this entry meanwhile. Save again to add it anew.";
    const words = now.note ? `${now.name} – ${now.note}` : now.name;
    return `Somebody has changed this entry meanwhile: “${words}”. Save again to write over that.`;
  }

  private async remove(entry: Entry): Promise<void> {
    const all = this.store.known?.entries ?? [];
    const at = all.findIndex(({ id }) => id === entry.id);
    const next = all[at + 1] ?? all[at - 1];
    const failure = await this.attempt(() => this.change({ remove: [entry.id] }));
    this.draw();
    if (failure) {
      notify(failure);
      return;
    }
    const target = this.list.querySelector<HTMLElement>(`[data-entry="${next?.id}"] button`);
    (target ?? this.add).focus();
    announce(`${entry.name} was removed.`);
    notify(`“${entry.name}” was removed from the sheet.`, {
      action: { label: "Undo", run: () => this.restore(entry) },
    });
  }

  private async restore({ kind, name, note }: Entry): Promise<void> {
    const failure = await this.attempt(() => this.change({ add: [{ kind, name, note }] }));
    this.draw();
    if (failure) notify(failure);
    else this.close(this.store.named({ kind, name, note })?.id);
  }

  /** Run it; return what went wrong, in words. */
  private async attempt(run: () => Promise<void>): Promise<string> {
    return (await refusalOf(run)).replace(/^(name|note): /, "");
  }

  // ---------------------------------------------------------------- drawing

  private draw(): void {
    const { known } = this.store;
    const entries = known?.entries ?? [];
    this.drawStatus();
    this.again.hidden = !this.failure;
    this.add.hidden = !this.editable || known === null;
    const refusal = this.around.assistant.policy?.refusal ?? "";
    this.read.disabled = refusal !== "";
    this.read.title = refusal;
    this.read.hidden = !this.editable || !known || known.read_at !== null || this.isAwaited();
    const key = JSON.stringify([entries, this.editable, this.form?.base?.id ?? null]);
    if (key === this.drawn && (!this.form || this.form.element.isConnected)) return;
    this.drawn = key;
    const focused = document.activeElement;
    const held = focused instanceof HTMLElement && this.list.contains(focused) ? focused : null;
    this.list.replaceChildren(
      ...(this.form && !this.isListed(this.form) ? [this.form.element] : []),
      ...KINDS.flatMap((kind) =>
        this.section(
          kind,
          entries.filter((entry) => entry.kind === kind),
        ),
      ),
    );
    if (held) this.focusAgain(held);
  }

  private drawStatus(): void {
    const words = this.sentence();
    if (this.status.textContent !== words) this.status.textContent = words;
    this.status.hidden = words === "";
  }

  private sentence(): string {
    const { known } = this.store;
    if (this.failure) return this.failure;
    if (!known) return "Looking up…";
    if (known.reading) return "The text is being read…";
    if (this.polls > 0) return "The text will be read within a minute.";
    const refusal = this.around.assistant.policy?.refusal;
    if (refusal) return `${refusal} The text is not read for this sheet; what you write into it stays.`;
    if (known.entries.length === 0) return EMPTY;
    return known.read_at ? `Last read from the text: ${moment(known.read_at)}.` : "";
  }

  private isAwaited(): boolean {
    return this.polls > 0 || this.store.known?.reading === true;
  }

  private isListed(form: EntryForm): boolean {
    return form.base !== null && this.store.find(form.base.id) !== undefined;
  }

  private section(kind: Kind, entries: readonly Entry[]): HTMLElement[] {
    if (entries.length === 0) return [];
    const list = make("ul", "story-entries", ...entries.map((entry) => this.item(entry)));
    const heading = make("h3", "origins-heading", KIND_WORDS[kind].several);
    heading.id = `story-${kind}`;
    list.setAttribute("aria-labelledby", heading.id);
    return [heading, list];
  }

  private item(entry: Entry): HTMLElement {
    const { id, name, note, by_person } = entry;
    const row = make("li", "story-entry");
    row.dataset.entry = String(id);
    if (this.form?.base?.id === id) {
      row.append(this.form.element);
      return row;
    }
    const words = make("div", "story-words", make("p", "story-name", name));
    if (note) words.append(make("p", "story-note", note));
    if (by_person) words.append(make("p", "story-mark", "Written by people"));
    row.append(words);
    if (!this.editable) return row;
    const edit = makeButton("", () => this.open(entry), {
      kind: "icon",
      icon: "pencil",
      label: `Edit ${name}`,
    });
    const remove = makeButton("", () => this.remove(entry), {
      kind: "icon",
      icon: "trash-2",
      label: `Remove ${name}`,
    });
    row.append(make("div", "story-buttons", edit, remove));
    return row;
  }

  /** Drawing anew takes the focus from what is in the list. */
  private focusAgain(held: HTMLElement): void {
    const label = held.getAttribute("aria-label");
    const same = [...this.list.querySelectorAll<HTMLElement>("button")].find(
      (button) => label !== null && button.getAttribute("aria-label") === label,
    );
    const target = held.isConnected ? held : same;
    (target ?? this.container).focus({ preventScroll: true });
  }
}

function isSame(one: Content, other: Content): boolean {
  return one.kind === other.kind && one.name === other.name && one.note === other.note;
}

/** What of it is different: the rest stays as somebody else may have it. */
function changeOf(base: Entry, wanted: Content): Partial<Content> & { id: number } {
  return {
    id: base.id,
    ...(wanted.kind !== base.kind && { kind: wanted.kind }),
    ...(wanted.name !== base.name && { name: wanted.name }),
    ...(wanted.note !== base.note && { note: wanted.note }),
  };
}

function moment(when: string): string {
  return new Date(when).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}
