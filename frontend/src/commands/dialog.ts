/** The dialog in which people keep their commands: list, add, change, delete. */
import { refusalOf } from "../documents/api";
import { announce } from "../editor/announce";
import { mayEdit, type Role } from "../editor/config";
import { openDialog } from "../editor/dialog";
import { make, makeButton } from "../page/elements";
import {
  type Command,
  type CommandStore,
  type Home,
  NAME_MAX_CHARACTERS,
  PROMPT_MAX_CHARACTERS,
  type Team,
  VARIABLES,
} from "./store";

export function openCommands(store: CommandStore, role: Role): void {
  const { body } = openDialog("Commands");
  new CommandsDialog(body, store, mayEdit(role)).load();
}

class CommandsDialog {
  private readonly problem = make("p", "problem");
  private readonly content = make("div", "");
  private teams: readonly Team[] = [];

  constructor(
    body: HTMLElement,
    private readonly store: CommandStore,
    private readonly editable: boolean,
  ) {
    this.problem.setAttribute("role", "alert");
    body.append(
      make(
        "p",
        "commands-intro",
        "A command is a prompt of your own under a name. It is in the / menu, and in the toolbar of a selection.",
      ),
      this.problem,
      this.content,
    );
  }

  async load(): Promise<void> {
    this.content.textContent = "Looking up…";
    const isLoaded = await this.attempt(async () => {
      [this.teams] = await Promise.all([this.store.teams(), this.store.reload()]);
    });
    if (isLoaded || this.store.commands.length > 0) this.drawList();
    else this.drawFailure();
  }

  /** Nobody knows what there is: `problem` says why. */
  private drawFailure(): void {
    const again = makeButton("Try again", () => this.load(), { icon: "refresh-cw" });
    this.content.replaceChildren(make("div", "dialog-actions", again));
    again.focus();
  }

  // ---------------------------------------------------------------- the list

  private drawList(focus?: string): void {
    const add = makeButton("New command", () => this.drawForm(null), { kind: "primary", icon: "plus" });
    const { commands } = this.store;
    const own = commands.filter(({ owner }) => owner === "person");
    const shared = commands.filter(({ owner }) => owner === "document");
    const teams = [...new Set(commands.map(({ team }) => team))].filter((team) => team !== null);
    this.content.replaceChildren(
      ...(commands.length === 0
        ? [
            make(
              "p",
              "panel-empty",
              "There are no commands yet. Keep a prompt here that you use again and again.",
            ),
          ]
        : [
            ...this.group("Yours", own),
            ...this.group("This document’s, for all who edit it", shared),
            ...teams.flatMap((team) =>
              this.group(
                `${team}’s, for all in the team`,
                commands.filter((command) => command.owner === "team" && command.team === team),
              ),
            ),
          ]),
      make("div", "dialog-actions", add),
    );
    const target = [...this.content.querySelectorAll<HTMLElement>("[data-command]")].find(
      ({ dataset }) => dataset.command === focus,
    );
    if (focus !== undefined) (target?.querySelector("button") ?? add).focus();
  }

  private group(heading: string, commands: readonly Command[]): HTMLElement[] {
    if (commands.length === 0) return [];
    const list = make("ul", "commands", ...commands.map((command) => this.item(command)));
    return [make("h3", "commands-heading", heading), list];
  }

  private item(command: Command): HTMLElement {
    const { id, name, prompt, owner } = command;
    const row = make(
      "li",
      "command",
      make("div", "command-words", make("p", "command-name", name), make("p", "command-prompt", prompt)),
    );
    row.dataset.command = id;
    if (owner === "document" && !this.editable) return row;
    const remove = makeButton("Delete", () => this.askToDelete(command, actions), {
      kind: "quiet",
      label: `Delete ${name}`,
    });
    const change = makeButton("Edit", () => this.drawForm(command), { kind: "quiet", label: `Edit ${name}` });
    const actions = make("div", "command-actions", change, remove);
    row.append(actions);
    return row;
  }

  private askToDelete({ id, name }: Command, actions: HTMLElement): void {
    const before = [...actions.children];
    const keep = makeButton("Keep", () => {
      this.problem.textContent = "";
      actions.replaceChildren(...before);
      (before.at(-1) as HTMLElement | undefined)?.focus();
    });
    const remove = makeButton(
      "Delete it",
      async () => {
        if (!(await this.attempt(() => this.store.remove(id)))) return;
        announce(`${name} was deleted.`);
        this.drawList("");
      },
      { kind: "danger", label: `Delete ${name} for good` },
    );
    actions.replaceChildren(remove, keep);
    remove.focus();
  }

  // ---------------------------------------------------------------- one command

  private drawForm(command: Command | null): void {
    this.problem.textContent = "";
    const name = make("input", "");
    name.type = "text";
    name.maxLength = NAME_MAX_CHARACTERS;
    name.value = command?.name ?? "";
    const prompt = make("textarea", "command-field");
    prompt.maxLength = PROMPT_MAX_CHARACTERS;
    prompt.rows = 4;
    prompt.value = command?.prompt ?? "";
    prompt.placeholder = "Say {selection} in plain words.";
    const owner = homeChoice(this.teams, this.editable);
    const save = makeButton("Save", () => {}, { kind: "primary" });
    save.type = "submit";
    const form = make(
      "form",
      "command-form",
      make("label", "", "Name", name),
      make("label", "", "What the assistant is to do", prompt),
      this.variables(prompt),
      ...(command || (!this.editable && this.teams.length === 0) ? [] : [owner.element]),
      make(
        "div",
        "dialog-actions",
        makeButton("Cancel", () => {
          this.problem.textContent = "";
          this.drawList(command?.id ?? "");
        }),
        save,
      ),
    );
    form.noValidate = true;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const content = { name: name.value, prompt: prompt.value };
      const saved = await this.attempt(() =>
        command ? this.store.change(command.id, content) : this.store.add(owner.value(), content),
      );
      if (!saved) return;
      announce(`${content.name.trim()} was saved.`);
      const made = this.store.commands.find(
        (one) => one.id === command?.id || one.name === content.name.trim(),
      );
      this.drawList(made?.id ?? "");
    });
    this.content.replaceChildren(form);
    name.focus();
  }

  /** Buttons that write a variable where the caret stands in the prompt. */
  private variables(prompt: HTMLTextAreaElement): HTMLElement {
    const rows = VARIABLES.map(([variable, words]) => {
      const button = makeButton(variable, () => {
        prompt.setRangeText(variable, prompt.selectionStart, prompt.selectionEnd, "end");
        prompt.focus();
      });
      button.className = "chip";
      button.title = `Put in ${variable}: ${words}`;
      return make("li", "", button, make("span", "command-prompt", words));
    });
    const list = make("ul", "command-variables", ...rows);
    list.setAttribute("aria-label", "Variables");
    return list;
  }

  /** Run it, and show what went wrong in words. Return whether it worked. */
  private async attempt(run: () => Promise<unknown>): Promise<boolean> {
    this.problem.textContent = "";
    const why = await refusalOf(run);
    if (why) this.problem.textContent = why.replace(/^(name|prompt): /, "");
    return why === "";
  }
}

/** Whom a new command is for. `editable`: this document's people may be. */
function homeChoice(teams: readonly Team[], editable: boolean): { element: HTMLElement; value(): Home } {
  const choices: [Home, string][] = [
    ["person", "Me, in every document"],
    ...(editable ? [["document", "Everybody who edits this document"] as [Home, string]] : []),
    ...teams.map(({ id, name }): [Home, string] => [{ team: id }, `Everybody in ${name}`]),
  ];
  const select = make("select", "");
  for (const [, words] of choices) select.append(make("option", "", words));
  return {
    element: make("label", "", "For", select),
    value: () => choices[select.selectedIndex]?.[0] ?? "person",
  };
}
