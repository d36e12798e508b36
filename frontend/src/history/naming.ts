/** The dialog that asks for a version's name. */
import { refusalOf } from "../documents/api";
import { openDialog } from "../editor/dialog";
import { make, makeButton } from "../page/elements";
import { NAME_MAX_CHARACTERS } from "./versions";

/** `save` is given "" to take the name away; what it throws is said in the dialog. */
export function openNaming(heading: string, name: string, save: (name: string) => Promise<void>): void {
  const { body, close } = openDialog(heading);
  const field = make("input", "");
  field.type = "text";
  field.value = name;
  field.maxLength = NAME_MAX_CHARACTERS;
  field.required = true;
  field.id = "version-name";
  const label = make("label", "", "Name");
  label.htmlFor = field.id;
  const refusal = make("p", "version-refusal");
  refusal.setAttribute("role", "alert");
  const submit = async (wanted: string) => {
    const why = await refusalOf(() => save(wanted));
    if (why) refusal.textContent = why;
    else close();
  };
  const button = makeButton("Save", () => {}, { kind: "primary" });
  button.type = "submit";
  const actions = make("div", "dialog-actions", makeButton("Cancel", close), button);
  if (name) actions.prepend(makeButton("Remove the name", () => submit("")));
  const form = make(
    "form",
    "version-naming",
    label,
    field,
    make("p", "card-meta", "Versions with a name are kept for good."),
    refusal,
    actions,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value.trim()) submit(field.value.trim());
  });
  body.append(form);
  field.select();
}
