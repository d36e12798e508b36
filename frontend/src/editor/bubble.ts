/** The selection's toolbar: appears above selected text; Alt + F10 moves the focus into it, Escape back. */
import { type Editor, Extension } from "@tiptap/core";
import { CellSelection } from "@tiptap/pm/tables";
import { make } from "../page/elements";
import { icon } from "../page/icons";
import { notify } from "./announce";
import { TURN_INTO } from "./blocks";
import { isApple } from "./create";
import { type Floating, floatingHome, makeFloating } from "./floating";
import { linkForm } from "./link-form";
import { MARK_TOOLS, type MarkTool } from "./mark-tools";
import { selectionRect, tableRect } from "./selection-rect";
import { TABLE_TOOLS } from "./tables";

/** Something to do with the selection beside its marks. */
export interface BubbleTool {
  label: string;
  icon: string;
  /** As the help sheet has it: `Mod J`. */
  key: string;
  /** The assistant's action that it asks for. */
  needs?: string;
  /** Whether it is there where the text may only be read, too. */
  readOnly?(): boolean;
  run(editor: Editor): void;
}

/** Something that asks for more before it works on the selection. */
export interface FormTool {
  label: string;
  icon: string;
  key: string;
  needs?: string;
  /** Build what is shown in the bubble's place; `done` gives the place back. */
  form(done: () => void): HTMLElement;
}

export const Bubble = Extension.create<
  {
    tools: readonly BubbleTool[];
    forms: readonly FormTool[];
    /** Why an action cannot be asked for; empty where it can. */
    why: (action: string) => string;
  },
  { bubble: SelectionBubble | null }
>({
  name: "bubble",
  addOptions: () => ({ tools: [], forms: [], why: () => "" }),
  addStorage: () => ({ bubble: null }),
  onCreate() {
    const { tools, forms, why } = this.options;
    this.storage.bubble = new SelectionBubble(this.editor as Editor, tools, forms, why);
  },
  onSelectionUpdate() {
    this.storage.bubble?.update();
  },
  onTransaction() {
    this.storage.bubble?.redraw();
  },
  onDestroy() {
    this.storage.bubble?.destroy();
  },
  addKeyboardShortcuts() {
    return {
      "Alt-F10": () => this.storage.bubble?.focus() ?? false,
      "Mod-k": () => this.storage.bubble?.editLink() ?? false,
      "Alt-Shift-r": () => this.storage.bubble?.openTool(0) ?? false,
    };
  },
});

export class SelectionBubble {
  private readonly panel = document.createElement("div");
  private readonly floating: Floating;
  private readonly buttons = new Map<string, HTMLButtonElement>();
  private readonly asking: { button: HTMLButtonElement; needs: string; title: string }[] = [];
  private readonly turnInto = document.createElement("select");
  private readonly tableTools = document.createElement("span");
  private pressing = false;
  private form: HTMLElement | null = null;
  private readonly stop = new AbortController();

  constructor(
    private readonly editor: Editor,
    private readonly more: readonly BubbleTool[],
    private readonly forms: readonly FormTool[],
    private readonly why: (action: string) => string,
  ) {
    this.panel.className = "floating bubble";
    this.panel.setAttribute("role", "toolbar");
    this.panel.setAttribute("aria-label", "Selection");
    this.build();
    floatingHome().append(this.panel);
    this.floating = makeFloating(this.panel, "top");
    this.listen();
  }

  destroy(): void {
    this.stop.abort();
    this.floating.hide();
    this.panel.remove();
  }

  /** Show it where there is a selection worth one, and hide it elsewhere. */
  update(): void {
    if (this.pressing || this.panel.contains(document.activeElement)) return;
    if (!this.isWanted()) {
      this.closeForm();
      this.floating.hide();
      return;
    }
    this.redraw();
    this.floating.show({
      getBoundingClientRect: () =>
        this.editor.state.selection.empty ? tableRect(this.editor) : selectionRect(this.editor),
      contextElement: this.editor.view.dom,
    });
  }

  redraw(): void {
    if (this.panel.hidden && !this.isWanted()) return;
    for (const [mark, button] of this.buttons)
      button.setAttribute("aria-pressed", String(this.editor.isActive(mark)));
    const current = TURN_INTO.findLast((block) => block.isActive?.(this.editor));
    this.turnInto.value = current?.id ?? "";
    this.tableTools.hidden = !this.editor.isActive("table");
    this.panel.classList.toggle("only-table", this.editor.state.selection.empty);
    this.panel.classList.toggle("only-reading", !this.editor.isEditable);
    for (const { button, needs, title } of this.asking) {
      const why = this.why(needs);
      button.setAttribute("aria-disabled", String(why !== ""));
      button.title = why || title;
    }
  }

  focus(): boolean {
    if (this.panel.hidden) return false;
    this.panel.querySelector<HTMLElement>("button, select")?.focus();
    return true;
  }

  editLink(): boolean {
    if (!this.editor.isEditable) return false;
    if (this.editor.state.selection.empty && this.editor.isActive("link"))
      this.editor.commands.extendMarkRange("link");
    if (this.editor.state.selection.empty) return false;
    this.update();
    this.openLinkForm();
    return true;
  }

  /** Open a tool's form for the selection; without one, for the block at the caret. */
  openTool(index: number): boolean {
    const { editor } = this;
    const tool = this.forms[index];
    if (!tool || !editor.isEditable) return false;
    if (this.isRefused(tool.needs)) return true;
    if (editor.state.selection.empty) {
      const { $head } = editor.state.selection;
      if (!$head.parent.isTextblock || $head.parent.content.size === 0) return false;
      editor.commands.setTextSelection({ from: $head.start(), to: $head.end() });
    }
    editor.view.focus();
    this.update();
    if (this.panel.hidden) return false;
    this.closeForm();
    this.openForm(
      tool.form(() => {
        this.closeForm();
        editor.commands.focus();
        this.update();
      }),
    );
    return true;
  }

  private isWanted(): boolean {
    const { editor } = this;
    const { selection } = editor.state;
    if (!editor.isEditable && this.more.some(({ readOnly }) => readOnly?.())) return this.isReadSelected();
    if (!editor.isEditable || (!editor.isFocused && !this.panel.contains(document.activeElement)))
      return false;
    if (selection instanceof CellSelection) return true;
    if (selection.empty) return editor.isActive("table");
    if (editor.isActive("codeBlock")) return false;
    return editor.state.doc.textBetween(selection.from, selection.to, " ").trim() !== "";
  }

  /** Whether words are selected where there is no caret. */
  private isReadSelected(): boolean {
    const { from, to, empty } = this.editor.state.selection;
    const selection = document.getSelection();
    if (empty || !selection || selection.isCollapsed) return false;
    if (!this.editor.view.dom.contains(selection.anchorNode)) return false;
    return this.editor.state.doc.textBetween(from, to, " ").trim() !== "";
  }

  private build(): void {
    for (const [index, { label, icon: name, key }] of this.forms.entries()) {
      const button = this.button(name, label, key, () => this.openTool(index));
      button.append(make("span", "", label));
      button.classList.add("tool-words");
      this.follow(button, this.forms[index]?.needs);
      this.panel.append(button, divider());
    }
    for (const tool of MARK_TOOLS) this.panel.append(this.toolButton(tool));
    const link = this.button("link", "Link", `${isApple() ? "⌘" : "Ctrl"} K`, () => this.openLinkForm());
    this.buttons.set("link", link);
    this.panel.append(link, divider(), this.turnIntoSelect(), this.tableTools);
    if (this.more.length > 0) this.panel.append(divider());
    for (const { label, icon: name, key, needs, readOnly, run } of this.more) {
      const keys = key.replace("Mod", isApple() ? "⌘" : "Ctrl");
      const button = this.button(name, label, keys, () => {
        if (!this.isRefused(needs)) run(this.editor);
      });
      this.follow(button, needs);
      button.classList.toggle("tool-for-readers", readOnly !== undefined);
      this.panel.append(button);
    }
    this.tableTools.className = "bubble-tables";
    for (const tool of TABLE_TOOLS) {
      const button = this.button(tool.icon, tool.label, "", () => tool.run(this.editor));
      button.append(tool.short);
      this.tableTools.append(button);
    }
  }

  /** Show from now on whether this can be asked for. */
  private follow(button: HTMLButtonElement, needs: string | undefined): void {
    if (needs) this.asking.push({ button, needs, title: button.title });
  }

  private isRefused(needs: string | undefined): boolean {
    const why = needs ? this.why(needs) : "";
    if (why) notify(why);
    return why !== "";
  }

  private toolButton(tool: MarkTool): HTMLButtonElement {
    const key = `${isApple() ? "⌘" : "Ctrl"} ${tool.key}`;
    const button = this.button(tool.icon, tool.label, key, () => tool.run(this.editor));
    this.buttons.set(tool.mark, button);
    return button;
  }

  private button(iconName: string, label: string, key: string, run: () => void): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "tool";
    button.setAttribute("aria-label", label);
    button.title = key ? `${label} (${key})` : label;
    if (iconName) button.append(icon(iconName));
    button.addEventListener("click", run);
    return button;
  }

  private turnIntoSelect(): HTMLSelectElement {
    this.turnInto.className = "tool";
    this.turnInto.setAttribute("aria-label", "Turn into");
    this.turnInto.title = "Turn into";
    const mixed = new Option("Mixed", "");
    mixed.hidden = true; // shown where the selection has blocks of several kinds, never to be chosen
    this.turnInto.add(mixed);
    for (const block of TURN_INTO) this.turnInto.add(new Option(block.label, block.id));
    this.turnInto.addEventListener("change", () => {
      const block = TURN_INTO.find(({ id }) => id === this.turnInto.value);
      if (block) block.run(this.editor.chain().focus()).run();
    });
    return this.turnInto;
  }

  private listen(): void {
    const { signal } = this.stop;
    const { dom } = this.editor.view;
    // While the mouse selects, a toolbar under it would be in the way.
    dom.addEventListener("pointerdown", () => this.press(), { signal });
    document.addEventListener("pointerup", () => this.release(), { signal });
    // Keep the selection's look while a button of ours is pressed.
    this.panel.addEventListener(
      "pointerdown",
      (event) => event.target instanceof Element && event.target.closest("button") && event.preventDefault(),
      { signal },
    );
    this.panel.addEventListener("keydown", (event) => this.onKeyDown(event), { signal });
    const left = () => setTimeout(() => this.update());
    // Where the text may only be read, the editor hears of no selection that is gone.
    document.addEventListener("selectionchange", () => !this.editor.isEditable && left(), { signal });
    this.panel.addEventListener("focusout", left, { signal });
    dom.addEventListener("blur", left, { signal });
    dom.addEventListener("focus", left, { signal });
  }

  private press(): void {
    this.pressing = true;
  }

  private release(): void {
    if (!this.pressing) return;
    this.pressing = false;
    setTimeout(() => this.update());
  }

  private onKeyDown(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      event.preventDefault();
      this.closeForm();
      this.editor.commands.focus();
    }
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const tools = [...this.panel.querySelectorAll<HTMLElement>("button, select")].filter(
      (tool) => tool.offsetParent,
    );
    const index = tools.indexOf(document.activeElement as HTMLElement);
    event.preventDefault();
    tools[(index + step + tools.length) % tools.length]?.focus();
  }

  private openLinkForm(): void {
    this.closeForm();
    const known = (this.editor.getAttributes("link").href as string | undefined) ?? "";
    if (known) this.editor.commands.extendMarkRange("link");
    const form = linkForm(known, {
      set: (href) => this.editor.chain().focus().setLink({ href }).run(),
      remove: () => this.editor.chain().focus().unsetLink().run(),
      done: () => {
        this.closeForm();
        this.editor.commands.focus();
        this.update();
      },
    });
    this.openForm(form);
  }

  private openForm(form: HTMLElement): void {
    this.form = form;
    this.panel.classList.add("with-form");
    form.classList.add("bubble-form");
    this.panel.append(form);
    form.querySelector("input")?.focus();
  }

  private closeForm(): void {
    if (!this.form) return;
    this.form.remove();
    this.form = null;
    this.panel.classList.remove("with-form");
  }
}

function divider(): HTMLElement {
  const line = document.createElement("span");
  line.className = "tool-divider";
  return line;
}
