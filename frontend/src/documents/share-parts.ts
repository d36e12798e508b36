/** What the lists of the share dialog are made of. */
import { make, makeButton } from "../page/elements";

export const ROLES = [
  { value: "owner", label: "Owner" },
  { value: "editor", label: "Editor" },
  { value: "commenter", label: "Commenter" },
  { value: "viewer", label: "Viewer" },
] as const;

export function roleSelect(role: string, label: string, without = ""): HTMLSelectElement {
  const select = document.createElement("select");
  select.setAttribute("aria-label", label);
  for (const { value, label: words } of ROLES.filter((one) => one.value !== without)) {
    select.append(option(value, words));
  }
  select.value = role;
  return select;
}

export function option(value: string, words: string): HTMLOptionElement {
  const element = document.createElement("option");
  element.value = value;
  element.textContent = words;
  return element;
}

export function removeButton(label: string, run: () => void): HTMLButtonElement {
  return makeButton("", run, { kind: "icon", icon: "x", label });
}

export function item(name: string, detail: string, ...controls: HTMLElement[]): HTMLElement {
  const person = make("div", "", make("span", "member-name", name), make("span", "member-email", detail));
  return make("li", "member", person, ...controls);
}

/** `failed` is told the text where it cannot be copied: the clipboard is only there on secure pages. */
export function copyButton(words: string, text: string, failed: (text: string) => void): HTMLButtonElement {
  const button = makeButton(words, async () => {
    const copied = await copyText(text);
    button.textContent = copied ? "Copied" : words;
    if (!copied) failed(text);
  });
  return button;
}

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
