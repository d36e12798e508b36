/** The form in which people add and change an entry of the sheet. */
import { make, makeButton } from "../page/elements";
import {
  type Content,
  type Entry,
  KIND_WORDS,
  KINDS,
  type Kind,
  NAME_MAX_CHARACTERS,
  NOTE_MAX_CHARACTERS,
} from "./sheet";

export interface EntryFormActions {
  save(form: EntryForm): void;
  cancel(form: EntryForm): void;
}

export class EntryForm {
  readonly element = make("form", "story-form");
  private readonly kind = make("select", "");
  private readonly name = make("input", "");
  private readonly note = make("textarea", "");
  private readonly problem = make("p", "field-error");
  private readonly submit = makeButton("Save", () => {}, { kind: "primary" });

  /** `base`: the entry as it was when it was taken into the form; null for a new one. */
  constructor(
    public base: Entry | null,
    actions: EntryFormActions,
  ) {
    const { element, kind, name, note, problem, submit } = this;
    for (const one of KINDS) {
      const option = make("option", "", KIND_WORDS[one].one);
      option.value = one;
      kind.append(option);
    }
    kind.value = base?.kind ?? "character";
    name.type = "text";
    name.maxLength = NAME_MAX_CHARACTERS;
    name.value = base?.name ?? "";
    note.maxLength = NOTE_MAX_CHARACTERS;
    note.rows = 3;
    note.value = base?.note ?? "";
    problem.setAttribute("role", "alert");
    submit.type = "submit";
    element.noValidate = true;
    element.setAttribute("aria-label", base ? `Edit ${base.name}` : "New entry");
    element.append(
      make("label", "", "Kind", kind),
      make("label", "", "Name", name),
      make("label", "", "Note", note),
      problem,
      make(
        "div",
        "story-actions",
        submit,
        makeButton("Cancel", () => actions.cancel(this), { kind: "quiet" }),
      ),
    );
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      actions.save(this);
    });
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      actions.cancel(this);
    });
  }

  /** What is written in it, as the server will keep it. */
  content(): Content {
    const [name, note] = [this.name.value, this.note.value].map((text) =>
      text.split(/\s+/).filter(Boolean).join(" "),
    );
    return { kind: this.kind.value as Kind, name: name ?? "", note: note ?? "" };
  }

  complain(sentence: string): void {
    this.problem.textContent = sentence;
  }

  wait(waits: boolean): void {
    this.submit.disabled = waits;
    if (waits) this.problem.textContent = "";
  }

  focus(): void {
    this.name.focus();
  }
}
