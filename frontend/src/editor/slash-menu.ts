/** The slash menu: a list box under the caret that keeps the focus in the text. */
import { icon } from "../page/icons";
import { notify } from "./announce";
import type { SlashItem, SlashProps } from "./slash";

const LIST_ID = "slash-menu";

export class SlashMenu {
  private readonly list = document.createElement("div");
  private readonly unmount: () => void;
  private selected = 0;

  constructor(private props: SlashProps) {
    this.list.id = LIST_ID;
    this.list.className = "floating slash-menu";
    this.list.setAttribute("role", "listbox");
    this.list.tabIndex = 0; // it scrolls; Tab chooses while it is open
    this.list.setAttribute("aria-label", "Blocks");
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    const { dom } = props.editor.view;
    dom.setAttribute("aria-controls", LIST_ID);
    dom.setAttribute("aria-haspopup", "listbox");
    this.draw();
    this.unmount = props.mount(this.list);
  }

  update(props: SlashProps): void {
    const chosen = props.query === this.props.query ? this.props.items[this.selected]?.id : undefined;
    this.selected = Math.max(
      0,
      props.items.findIndex(({ id }) => id === chosen),
    );
    this.props = props;
    this.draw();
  }

  onKeyDown(event: KeyboardEvent): boolean {
    const { items } = this.props;
    if (event.key === "Escape" || items.length === 0) return false;
    if (event.key === "ArrowDown") return this.select((this.selected + 1) % items.length);
    if (event.key === "ArrowUp") return this.select((this.selected + items.length - 1) % items.length);
    if (event.key === "Enter" || event.key === "Tab") return this.choose(items[this.selected]);
    return false;
  }

  destroy(): void {
    this.unmount();
    this.list.remove();
    for (const name of ["aria-controls", "aria-haspopup", "aria-activedescendant"]) {
      this.props.editor.view.dom.removeAttribute(name);
    }
  }

  private select(index: number): true {
    this.selected = index;
    this.draw();
    return true;
  }

  private choose(item: SlashItem | undefined): true {
    if (item?.off) notify(item.off);
    else if (item) this.props.command(item);
    return true;
  }

  private draw(): void {
    const { items } = this.props;
    const groups = [...new Set(items.map((item) => item.group))];
    this.list.replaceChildren(...groups.map((group) => this.drawGroup(group)));
    if (items.length === 0) this.list.append(this.nothing());
    const chosen = this.list.querySelector('[aria-selected="true"]');
    chosen?.scrollIntoView({ block: "nearest" });
    if (chosen) this.props.editor.view.dom.setAttribute("aria-activedescendant", chosen.id);
  }

  private drawGroup(group: string): HTMLElement {
    const section = document.createElement("div");
    section.setAttribute("role", "group");
    section.setAttribute("aria-label", group);
    const title = document.createElement("div");
    title.className = "slash-group";
    title.setAttribute("aria-hidden", "true");
    title.textContent = group;
    const { items } = this.props;
    const options = items
      .filter((item) => item.group === group)
      .map((item) => this.drawOption(item, items.indexOf(item)));
    section.append(title, ...options);
    return section;
  }

  private drawOption(item: SlashItem, index: number): HTMLElement {
    const option = document.createElement("div");
    option.id = `${LIST_ID}-${item.id}`;
    option.className = "slash-item";
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", String(index === this.selected));
    const label = document.createElement("span");
    label.textContent = item.label;
    option.append(icon(item.icon), label);
    if (item.off) {
      option.setAttribute("aria-disabled", "true");
      option.title = item.off;
      if (index === this.selected) option.append(reason(item.off));
    }
    if (item.hint) {
      const hint = document.createElement("kbd");
      hint.textContent = item.hint;
      hint.setAttribute("aria-hidden", "true");
      option.append(hint);
    }
    option.addEventListener("pointermove", () => index !== this.selected && this.select(index));
    option.addEventListener("click", () => this.choose(item));
    return option;
  }

  private nothing(): HTMLElement {
    const words = document.createElement("div");
    words.className = "slash-none";
    words.textContent = "No block is called that.";
    return words;
  }
}

function reason(words: string): HTMLElement {
  const element = document.createElement("span");
  element.className = "slash-why";
  element.textContent = words;
  return element;
}
