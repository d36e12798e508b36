/**
 * The right rail: panels under tabs beside the text, closed until somebody wants one. On narrow screens it is a sheet at
 * the bottom. A panel is mounted when it is first looked at.
 */
import { icon } from "../page/icons";

const STATE = "interline.rail";
const NARROW = "(max-width: 800px)";

export interface Panel {
  id: string;
  label: string;
  /** A name of `icons.json`. */
  icon: string;
  mount(container: HTMLElement): void;
  /** What waits in it at first, beside its label. */
  count?: number;
  /** Each time it comes into view. */
  shown?(): void;
}

export interface PanelHandle {
  /** Say how much waits in the panel; 0 shows nothing. */
  count(waiting: number): void;
}

export interface RailPlaces {
  aside: HTMLElement;
  /** The button in the top line. */
  toggle: HTMLElement;
  /** Where the focus goes when the rail closes under it. */
  leave(): void;
}

interface Entry {
  panel: Panel;
  tab: HTMLButtonElement;
  badge: HTMLElement;
  body: HTMLElement;
  mounted: boolean;
}

export class Rail {
  private readonly entries: Entry[] = [];
  private readonly tabs = document.createElement("div");
  private readonly name = document.createElement("p");
  private current: Entry | null = null;
  private readonly remembered = recall();

  constructor(private readonly places: RailPlaces) {
    this.tabs.className = "rail-tabs";
    this.tabs.setAttribute("role", "tablist");
    this.tabs.setAttribute("aria-label", "Panels");
    this.tabs.addEventListener("keydown", (event) => this.onTabKey(event));
    const close = document.createElement("button");
    close.type = "button";
    close.className = "button button-quiet button-icon";
    close.setAttribute("aria-label", "Close the panels");
    close.append(icon("x"));
    close.addEventListener("click", () => this.close());
    const top = document.createElement("div");
    top.className = "rail-top";
    this.name.className = "rail-name";
    this.name.setAttribute("aria-hidden", "true"); // its tab says it
    top.append(this.tabs, close, this.name);
    places.aside.append(top);
    places.aside.addEventListener("keydown", (event) => this.onKey(event));
    places.toggle.addEventListener("click", () => this.toggle());
    document.addEventListener("keydown", (event) => {
      if (!isToggleKey(event)) return;
      event.preventDefault();
      this.toggle();
    });
  }

  get isOpen(): boolean {
    return !this.places.aside.hidden;
  }

  /** The id of the panel in view, or null. */
  get shown(): string | null {
    return this.isOpen ? (this.current?.panel.id ?? null) : null;
  }

  addPanel(panel: Panel): PanelHandle {
    const entry = this.build(panel);
    this.entries.push(entry);
    this.places.toggle.hidden = false;
    const wanted = this.remembered.panel === panel.id;
    if (!this.current || wanted) this.choose(entry);
    // A sheet over half of a small screen is not what somebody opens a document for.
    if (wanted && this.remembered.open && !matchMedia(NARROW).matches) this.show();
    let shown = -1;
    const count = (waiting: number) => {
      if (waiting === shown) return;
      shown = waiting;
      entry.badge.textContent = waiting > 0 ? String(waiting) : "";
      entry.tab.setAttribute("aria-label", waiting > 0 ? `${panel.label}, ${waiting} open` : panel.label);
      this.drawToggle();
    };
    count(panel.count ?? 0);
    return { count };
  }

  /** Show the panel with this id, and give it the focus unless the text is to keep it. */
  open(id: string, { focus = true }: { focus?: boolean } = {}): void {
    const entry = this.entries.find(({ panel }) => panel.id === id);
    if (!entry) return;
    this.choose(entry);
    this.show();
    if (focus) entry.tab.focus();
  }

  close(): void {
    if (!this.isOpen) return;
    const hadFocus = this.places.aside.contains(document.activeElement);
    this.places.aside.hidden = true;
    document.body.classList.remove("rail-open");
    this.drawToggle();
    this.remember();
    if (hadFocus) this.places.leave();
  }

  toggle(): void {
    if (this.isOpen) this.close();
    else if (this.current) this.open(this.current.panel.id);
  }

  private show(): void {
    this.places.aside.hidden = false;
    document.body.classList.add("rail-open");
    this.mountCurrent();
    this.drawToggle();
    this.remember();
  }

  private choose(entry: Entry): void {
    this.current = entry;
    this.name.textContent = entry.panel.label;
    for (const other of this.entries) {
      const selected = other === entry;
      other.tab.setAttribute("aria-selected", String(selected));
      other.tab.tabIndex = selected ? 0 : -1;
      other.body.hidden = !selected;
    }
    if (this.isOpen) {
      this.mountCurrent();
      this.remember();
    }
  }

  private mountCurrent(): void {
    const entry = this.current;
    if (!entry) return;
    if (!entry.mounted) {
      entry.mounted = true;
      entry.panel.mount(entry.body);
    }
    entry.panel.shown?.();
  }

  private build(panel: Panel): Entry {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.id = `rail-tab-${panel.id}`;
    tab.className = "rail-tab";
    tab.title = panel.label;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", `rail-panel-${panel.id}`);
    tab.setAttribute("aria-selected", "false");
    tab.tabIndex = -1;
    const label = document.createElement("span");
    label.className = "rail-label";
    label.textContent = panel.label;
    const badge = document.createElement("span");
    badge.className = "rail-count";
    tab.append(icon(panel.icon), label, badge);
    const body = document.createElement("div");
    body.id = `rail-panel-${panel.id}`;
    body.className = "rail-panel";
    body.setAttribute("role", "tabpanel");
    body.setAttribute("aria-labelledby", tab.id);
    body.tabIndex = 0; // it scrolls
    body.hidden = true;
    const entry = { panel, tab, badge, body, mounted: false };
    tab.addEventListener("click", () => this.choose(entry));
    this.tabs.append(tab);
    this.places.aside.append(body);
    return entry;
  }

  private onTabKey(event: KeyboardEvent): void {
    const at = this.entries.findIndex(({ tab }) => tab === document.activeElement);
    const last = this.entries.length - 1;
    const next = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      Home: 0,
      End: last,
    }[event.key];
    const entry = next === undefined ? undefined : this.entries[next];
    if (!entry) return;
    event.preventDefault();
    this.choose(entry);
    entry.tab.focus();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    // Beside the text it stays, and the focus goes back; over the text it is in the way.
    if (matchMedia(NARROW).matches) this.close();
    else this.places.leave();
  }

  private drawToggle(): void {
    const { toggle } = this.places;
    toggle.setAttribute("aria-expanded", String(this.isOpen));
    toggle.classList.toggle(
      "has-waiting",
      this.entries.some(({ badge }) => badge.textContent !== ""),
    );
  }

  private remember(): void {
    localStorage.setItem(STATE, JSON.stringify({ open: this.isOpen, panel: this.current?.panel.id ?? "" }));
  }
}

/** The key above Enter, wherever a keyboard has its backslash. */
function isToggleKey(event: KeyboardEvent): boolean {
  return (
    (event.ctrlKey || event.metaKey) && !event.altKey && (event.key === "\\" || event.code === "Backslash")
  );
}

function recall(): { open: boolean; panel: string } {
  try {
    const { open, panel } = JSON.parse(localStorage.getItem(STATE) ?? "{}");
    return { open: open === true, panel: String(panel ?? "") };
  } catch {
    return { open: false, panel: "" };
  }
}
