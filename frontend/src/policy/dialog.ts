/** The dialog about a document's policy: what holds and who set it; owners change it; what it said before. */
import type { Assistant } from "../assistant/assistant";
import type { PolicyInForce } from "../assistant/messages";
import { call, refusalOf } from "../documents/api";
import { announce } from "../editor/announce";
import { openDialog } from "../editor/dialog";
import { make, makeButton } from "../page/elements";
import { FIELDS, type Field, MEANINGS, type Policy, summary } from "./words";

const REASON_MAX_CHARACTERS = 300;

interface Version extends Policy {
  version: number;
  reason: string;
  changed_by: string | null;
  created_at: string;
}

interface Policies {
  policy: Policy;
  may_change: boolean;
  versions: Version[];
}

export function openPolicy(assistant: Assistant): void {
  const { body, element } = openDialog("Assistant policy");
  const dialog = new PolicyDialog(body, assistant);
  assistant.onPolicy((policy) => element.isConnected && dialog.drawHeld(policy));
  dialog.load();
}

class PolicyDialog {
  private readonly held = make("div", "policy-held");
  private readonly problem = make("p", "problem");
  private readonly rest = make("div", "");
  private readonly path: string;

  constructor(body: HTMLElement, assistant: Assistant) {
    this.path = `/api/v1/documents/${assistant.config.document.id}/policy/`;
    this.problem.setAttribute("role", "alert");
    this.held.tabIndex = -1;
    body.append(this.held, this.problem, this.rest);
    if (assistant.policy) this.drawHeld(assistant.policy);
  }

  async load(): Promise<void> {
    this.rest.setAttribute("aria-busy", "true");
    await this.attempt(async () => this.draw(await call<Policies>("GET", this.path)));
    this.rest.removeAttribute("aria-busy");
  }

  drawHeld({ held }: PolicyInForce): void {
    const entries = held.map(({ says, by, reason }) =>
      make(
        "li",
        "",
        make("p", "policy-says", says.join(" ")),
        make("p", "policy-by", reason ? `${by}: “${reason}”` : by),
      ),
    );
    const none = make("p", "panel-empty", "No policy holds here: the assistant may be asked for everything.");
    this.held.replaceChildren(...(entries.length > 0 ? [make("ul", "policy-list", ...entries)] : [none]));
  }

  private draw({ policy, may_change, versions }: Policies): void {
    this.rest.replaceChildren();
    if (may_change) this.rest.append(this.form(policy));
    if (versions.length > 0) this.rest.append(history(versions));
  }

  private form(policy: Policy): HTMLElement {
    const form = make("form", "policy-form");
    form.noValidate = true;
    const selects = new Map<Field, HTMLSelectElement>();
    for (const { field, label, choices } of FIELDS) {
      const select = make("select", "");
      for (const [value, words] of choices) {
        const option = make("option", "", words);
        option.value = value;
        select.append(option);
      }
      select.value = policy[field];
      selects.set(field, select);
      const meaning = make("p", "policy-meaning");
      meaning.id = `policy-${field}-meaning`;
      select.setAttribute("aria-describedby", meaning.id);
      const explain = () => {
        meaning.textContent = MEANINGS[select.value] ?? "";
      };
      select.addEventListener("change", explain);
      explain();
      form.append(make("label", "policy-field", make("span", "", label), select), meaning);
    }
    const reason = make("input", "");
    reason.type = "text";
    reason.maxLength = REASON_MAX_CHARACTERS;
    reason.required = true;
    reason.placeholder = "Shown to everybody here";
    const save = makeButton("Set this policy", () => {}, { kind: "primary" });
    save.type = "submit";
    form.append(
      make("label", "policy-field", make("span", "", "Reason"), reason),
      make(
        "p",
        "policy-meaning",
        "It holds at once. What the team or the administrators set holds too: the stricter wins.",
      ),
      make("div", "dialog-actions", save),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const why = reason.value.trim();
      if (!why) {
        this.problem.textContent = "Write why: everybody here is shown it.";
        reason.focus();
        return;
      }
      const wanted = Object.fromEntries([...selects].map(([field, select]) => [field, select.value]));
      this.save({ ...wanted, reason: why }, save);
    });
    return form;
  }

  private async save(wanted: Record<string, string>, button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    await this.attempt(async () => {
      this.draw(await call<Policies>("PUT", this.path, wanted));
      announce("The policy was set.");
      this.held.focus();
    });
    button.disabled = false;
  }

  /** Run it, and show what went wrong in words. */
  private async attempt(run: () => Promise<void>): Promise<void> {
    this.problem.textContent = "";
    const why = await refusalOf(run);
    if (why) this.problem.textContent = why;
  }
}

function history(versions: readonly Version[]): HTMLElement {
  const rows = versions.map((version) => {
    const when = new Date(version.created_at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    return make(
      "li",
      "policy-entry",
      make("p", "policy-says", `${version.version}. ${summary(version)}`),
      make("p", "policy-by", `${version.changed_by ?? "Somebody"}, ${when}: “${version.reason}”`),
    );
  });
  const details = make("details", "policy-history", make("summary", "", `What it has said (${rows.length})`));
  details.append(make("ul", "policy-list", ...rows));
  return details;
}
