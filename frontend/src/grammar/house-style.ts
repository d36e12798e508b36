/** How the assistant is to write, in people's own words: one style goes with the person, one with the document. */
import { announce } from "../editor/announce";
import { make, makeButton } from "../page/elements";
import type { Grammar } from "./grammar";
import type { Whose } from "./preferences";

export class HouseStyle {
  readonly element = make("details", "decided house-style");
  private readonly fields: readonly StyleField[];

  constructor(grammar: Grammar, mayEdit: boolean) {
    this.fields = [
      new StyleField(grammar, "mine", "Mine, in every document", true),
      new StyleField(grammar, "document", "This document’s, for everybody in it", mayEdit),
    ];
    this.element.append(
      make("summary", "", "House style"),
      make("p", "card-meta", "The assistant keeps to it in what it writes and in what it finds."),
      ...this.fields.map(({ form }) => form),
    );
  }

  update(): void {
    for (const field of this.fields) field.update();
  }
}

class StyleField {
  readonly form = make("form", "style-field");
  private readonly area = make("textarea", "area");
  private readonly save = makeButton("Save", () => {});
  private kept = "";

  constructor(
    private readonly grammar: Grammar,
    private readonly whose: Whose,
    label: string,
    changeable: boolean,
  ) {
    this.area.rows = 3;
    this.area.placeholder = changeable ? "For example: British spelling, short sentences." : "None";
    this.area.readOnly = !changeable;
    this.area.addEventListener("input", () => this.allow());
    this.save.type = "submit";
    this.form.append(make("label", "style-label", make("span", "", label), this.area));
    if (changeable) this.form.append(make("div", "card-actions", this.save));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.keep();
    });
    this.update();
  }

  /** Show what is kept, unless something else is being written here. */
  update(): void {
    const { style } = this.grammar.preferences.get(this.whose);
    if (this.area.value === this.kept) this.area.value = style;
    this.kept = style;
    this.allow();
  }

  private allow(): void {
    this.save.disabled = this.area.value.trim() === this.kept;
  }

  private async keep(): Promise<void> {
    if (this.save.disabled) return;
    this.save.disabled = true;
    const style = this.area.value.trim();
    if (await this.grammar.change(this.whose, { style })) {
      this.area.value = style;
      announce("The house style is kept.");
    }
    this.update();
  }
}
