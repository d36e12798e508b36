/** The form of a share link: of a new one with its role, and of one that is there. */
import { LINK_PASSWORD_MAX_CHARACTERS, LINK_PASSWORD_MIN_CHARACTERS } from "../editor/limits";
import { make, makeButton } from "../page/elements";
import type { ShareLink } from "./share-links";
import { option, roleSelect } from "./share-parts";

/** As REST takes it: what is left out stays as it is. */
export interface WantedLink {
  role?: string;
  expires_at?: string | null;
  password?: string | null;
}

interface FormOptions {
  submit: string;
  close(): void;
  /** The one that is changed; none for a new one. */
  link?: ShareLink;
}

const DAY_MS = 24 * 3600 * 1000;
const AT_A_TIME = "time";
const UNCHANGED = "unchanged";
const NEVER = "never";
const DAYS: readonly (readonly [string, string])[] = [
  ["1", "In a day"],
  ["7", "In a week"],
  ["30", "In 30 days"],
];

export function linkForm(options: FormOptions, save: (wanted: WantedLink) => Promise<void>): HTMLFormElement {
  const { link } = options;
  const form = make("form", "share-link-form");
  form.noValidate = true;
  const problem = make("p", "problem");
  problem.setAttribute("role", "alert");
  const role = link ? null : roleSelect("viewer", "Role", "owner");
  const expiry = expiryFields(link);
  const password = passwordFields(link);
  const submit = makeButton(options.submit, () => {}, { kind: "primary" });
  submit.type = "submit";
  form.append(
    ...(role ? [labelled("Role", role)] : []),
    ...expiry.elements,
    ...password.elements,
    problem,
    make("div", "dialog-actions", makeButton("Cancel", options.close), submit),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fault = expiry.fault() ?? password.fault();
    problem.textContent = fault?.words ?? "";
    if (fault) {
      fault.field.focus();
      return;
    }
    submit.disabled = true;
    await save({ ...(role ? { role: role.value } : {}), ...expiry.wanted(), ...password.wanted() });
    submit.disabled = false;
  });
  return form;
}

interface Fault {
  words: string;
  field: HTMLElement;
}

interface Fields {
  elements: HTMLElement[];
  fault(): Fault | null;
  wanted(): WantedLink;
}

function expiryFields(link?: ShareLink): Fields {
  const choice = make("select", "");
  if (link) choice.append(option(UNCHANGED, "As it is"));
  choice.append(option(NEVER, "Never"), ...DAYS.map(([days, words]) => option(days, words)));
  choice.append(option(AT_A_TIME, "At a time…"));
  const time = make("input", "");
  time.type = "datetime-local";
  time.value = local(new Date(Date.now() + DAY_MS));
  time.min = local(new Date());
  const row = labelled("Date and time", time);
  row.hidden = true;
  choice.addEventListener("change", () => {
    row.hidden = choice.value !== AT_A_TIME;
  });
  const chosen = () => new Date(time.value);
  return {
    elements: [labelled("Expires", choice), row],
    fault: () => {
      const isPast = Number.isNaN(chosen().getTime()) || chosen().getTime() <= Date.now();
      return choice.value === AT_A_TIME && isPast ? { words: "Choose a time to come.", field: time } : null;
    },
    wanted: () => {
      if (choice.value === UNCHANGED) return {};
      if (choice.value === NEVER) return { expires_at: null };
      const at = choice.value === AT_A_TIME ? chosen() : new Date(Date.now() + Number(choice.value) * DAY_MS);
      return { expires_at: at.toISOString() };
    },
  };
}

function passwordFields(link?: ShareLink): Fields {
  const field = make("input", "");
  field.type = "text"; // it is to be handed on: who makes it up has to see it
  field.autocomplete = "off";
  field.spellcheck = false;
  field.maxLength = LINK_PASSWORD_MAX_CHARACTERS;
  field.placeholder = link?.has_password ? "As it is" : "None";
  const none = make("input", "");
  none.type = "checkbox";
  none.addEventListener("change", () => {
    field.disabled = none.checked;
  });
  const hint = make("p", "policy-meaning", "With a new password, everybody has to give it again.");
  const more = link?.has_password
    ? [make("label", "share-link-check", none, "Ask for no password"), hint]
    : [];
  const isShort = () => field.value !== "" && field.value.length < LINK_PASSWORD_MIN_CHARACTERS;
  return {
    elements: [labelled("Password", field), ...more],
    fault: () =>
      !none.checked && isShort()
        ? { words: `A password has at least ${LINK_PASSWORD_MIN_CHARACTERS} characters.`, field }
        : null,
    wanted: () => {
      if (none.checked) return { password: null };
      return field.value ? { password: field.value } : {};
    },
  };
}

function labelled(words: string, field: HTMLElement): HTMLLabelElement {
  return make("label", "policy-field", make("span", "", words), field);
}

/** As `datetime-local` takes it: the time of this place, to the minute. */
function local(moment: Date): string {
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
