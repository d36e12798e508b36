/** What can be done with a selection: a wish in one's own words, or one of the usual ones. */
import type { Availability } from "../assistant/availability";
import { make, makeButton } from "../page/elements";
import type { Wish } from "./rewrites";

const TONES = ["friendly", "formal", "confident", "plain", "warm", "neutral", "playful", "urgent", "polite"];
const LANGUAGES = [
  ...["English", "German", "French", "Spanish", "Portuguese", "Italian", "Dutch", "Danish", "Swedish"],
  ...["Norwegian", "Finnish", "Polish", "Czech", "Ukrainian", "Greek", "Turkish", "Arabic", "Hebrew"],
  ...["Hindi", "Chinese", "Japanese", "Korean"],
];
/** As the wire has them. */
const STRENGTHS = [
  ["1", "a little"],
  ["2", "clearly"],
  ["3", "strongly"],
] as const;
const INSTRUCTION_MAX_CHARACTERS = 4000;
const LANGUAGE_KEY = "interline.translate";

export const SIMPLE: readonly {
  action: "shorten" | "expand" | "simplify" | "summarize";
  label: string;
  icon: string;
}[] = [
  { action: "shorten", label: "Shorten", icon: "scissors" },
  { action: "expand", label: "Expand", icon: "unfold-vertical" },
  { action: "simplify", label: "Simplify", icon: "feather" },
  { action: "summarize", label: "Summarize", icon: "rows-3" },
];

/** Build the form. `ask` gets what was wished for; `extra` are more buttons for the selection. */
export function rewriteForm(
  ask: (wish: Wish) => void,
  availability: Availability,
  extra: readonly HTMLElement[] = [],
): HTMLElement {
  const panel = make("div", "rewrite-form");
  const simple = SIMPLE.map(({ action, label, icon }) => {
    const button = makeButton(label, () => ask({ action, input: {}, label }), { icon, kind: "quiet" });
    availability.mark(button, action);
    return button;
  });
  panel.append(
    instruction(ask, availability),
    make("div", "rewrite-simple", ...simple),
    tone(ask, availability),
    translation(ask, availability),
  );
  if (extra.length > 0) panel.append(make("div", "rewrite-row", ...extra));
  return panel;
}

function instruction(ask: (wish: Wish) => void, availability: Availability): HTMLFormElement {
  const field = input("Tell the assistant what to change", INSTRUCTION_MAX_CHARACTERS);
  const submit = makeButton("Rewrite", () => {}, { kind: "primary" });
  availability.mark(submit, "rewrite");
  return form([field, submit], () => {
    const wish = field.value.trim();
    if (wish) ask({ action: "rewrite", input: { instruction: wish }, label: wish });
    else field.focus();
  });
}

function tone(ask: (wish: Wish) => void, availability: Availability): HTMLFormElement {
  const tones = select(
    "Tone",
    TONES.map((name) => [name, name] as const),
  );
  const strengths = select("How far", STRENGTHS);
  strengths.value = "2";
  const submit = makeButton("Change tone", () => {}, {});
  availability.mark(submit, "tone");
  return form([tones, strengths, submit], () =>
    ask({
      action: "tone",
      input: { tone: tones.value, strength: Number(strengths.value) },
      label: `Tone: ${tones.value}`,
    }),
  );
}

function translation(ask: (wish: Wish) => void, availability: Availability): HTMLFormElement {
  const field = input("Into any language", 35);
  field.value = localStorage.getItem(LANGUAGE_KEY) ?? "";
  field.setAttribute("list", "languages");
  const list = make("datalist", "");
  list.id = "languages";
  for (const name of LANGUAGES) {
    const option = make("option", "");
    option.value = name;
    list.append(option);
  }
  const submit = makeButton("Translate", () => {}, {});
  availability.mark(submit, "translate");
  return form([field, list, submit], () => {
    const language = field.value.trim();
    if (!language) {
      field.focus();
      return;
    }
    localStorage.setItem(LANGUAGE_KEY, language);
    ask({ action: "translate", input: { language }, label: `Translate into ${language}` });
  });
}

function form(children: HTMLElement[], submit: () => void): HTMLFormElement {
  const element = make("form", "rewrite-row", ...children);
  element.noValidate = true;
  for (const button of element.querySelectorAll("button")) button.type = "submit";
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  return element;
}

function input(label: string, maxLength: number): HTMLInputElement {
  const field = make("input", "");
  field.type = "text";
  field.maxLength = maxLength;
  field.placeholder = label;
  field.setAttribute("aria-label", label);
  return field;
}

function select(label: string, options: readonly (readonly [string, string])[]): HTMLSelectElement {
  const field = make("select", "");
  field.setAttribute("aria-label", label);
  for (const [value, words] of options) field.add(new Option(words, value));
  return field;
}
