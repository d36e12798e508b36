/** The rail's panel of grammar: what is checked and by whom, all findings by kind, dictionaries and ignored rules. */
import type { Editor } from "@tiptap/core";
import type { Failure } from "../assistant/generations";
import { isSmallerOffered, SMALLER_LABEL } from "../assistant/offer";
import { failureSentence } from "../assistant/words";
import { isOutOfSight, make, makeButton } from "../page/elements";
import { categoryLabel, KIND_LABELS, type Kind } from "./findings";
import type { Grammar } from "./grammar";
import { HouseStyle } from "./house-style";
import { isUpToIt } from "./local-check";
import type { Whose } from "./preferences";
import type { Underline } from "./underlines";

const CONTEXT_CHARACTERS = 28;

export class GrammarPanel {
  private readonly switches = make("div", "checks");
  private readonly findings = make("div", "findings");
  private readonly kept = make("div", "kept");
  private readonly style: HouseStyle;
  private frame = 0;

  constructor(
    private readonly container: HTMLElement,
    private readonly editor: Editor,
    private readonly grammar: Grammar,
    private readonly explain: (underline: Underline) => void,
  ) {
    this.style = new HouseStyle(grammar, editor.isEditable);
    container.append(this.switches, this.findings, this.kept, this.style.element);
    this.draw();
  }

  /** Draw with the next frame what changed; nothing while it is out of sight. */
  update(): void {
    if (!isOutOfSight(this.container)) this.frame ||= requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    keepingFocus(this.switches, () => this.switches.replaceChildren(...this.drawSwitches()));
    keepingFocus(this.findings, () => this.findings.replaceChildren(...this.drawFindings()));
    keepingFocus(this.kept, () => this.kept.replaceChildren(...this.drawKept()));
    this.style.update();
  }

  private drawSwitches(): HTMLElement[] {
    const { grammar } = this;
    const local = checkbox("Check in this browser", "English, at once; nothing leaves it", {
      on: grammar.isLocalOn,
      change: (on) => grammar.switchLocal(on),
    });
    const deep = checkbox("Have the assistant read what I change", "Any language, after a pause", {
      on: grammar.isDeepOn,
      change: (on) => grammar.switchDeep(on),
    });
    const rows = this.editor.isEditable ? [local, deep] : [local];
    const { availability } = grammar.assistant;
    const why = this.editor.isEditable ? availability.why("grammar") : "";
    if (why) rows.push(make("p", "card-meta", `The assistant reads nothing. ${why}`));
    if (grammar.local.isBroken)
      rows.push(make("p", "card-meta", "The check in the browser could not be started here."));
    else if (!isUpToIt() && !grammar.isLocalOn)
      rows.push(make("p", "card-meta", "It loads 8 MB, so it is off on small devices until you want it."));
    if (grammar.failure) rows.push(...this.drawFailure(grammar.failure));
    if (this.editor.isEditable) {
      const read = makeButton("Read the whole text", () => grammar.readAll(), { icon: "sparkles" });
      availability.mark(read, "grammar");
      rows.push(make("div", "card-actions", read));
    }
    return rows;
  }

  /** Why the assistant reads no more, and what can be had instead, as one button. */
  private drawFailure(failure: Failure): HTMLElement[] {
    const { grammar } = this;
    const inBrowser = failure.offer?.kind === "in_browser" && !grammar.local.isBroken;
    const kept =
      inBrowser && grammar.isLocalOn ? "The check in this browser goes on." : "What was found stays.";
    const words = make("p", "field-error", failureSentence(failure, true, kept));
    const offer = isSmallerOffered(failure)
      ? makeButton(SMALLER_LABEL, () => grammar.takeOffer())
      : inBrowser && !grammar.isLocalOn
        ? makeButton("Check in this browser", () => grammar.switchLocal(true))
        : null;
    return offer ? [words, make("div", "card-actions", offer)] : [words];
  }

  private drawFindings(): HTMLElement[] {
    const list = this.grammar.list();
    if (list.length === 0) return [make("p", "panel-empty", "Nothing is underlined.")];
    const kinds = [...new Set(list.map(({ finding }) => finding.kind))];
    return kinds.map((kind) =>
      this.drawKind(
        kind,
        list.filter(({ finding }) => finding.kind === kind),
      ),
    );
  }

  private drawKind(kind: Kind, list: readonly Underline[]): HTMLElement {
    const heading = make("h3", "", `${KIND_LABELS[kind]} (${list.length})`);
    const top = make("div", "findings-top", heading);
    const correctable = list.filter(({ finding }) => finding.replacements.length > 0).length;
    if (this.editor.isEditable && correctable > 1)
      top.append(
        makeButton(`Accept all ${correctable}`, () => this.grammar.acceptAll(kind), {
          label: `Accept all ${correctable} of ${KIND_LABELS[kind]}`,
        }),
      );
    return make("section", "", top, make("ul", "", ...list.map((underline) => this.row(underline))));
  }

  private row(underline: Underline): HTMLElement {
    const { block, finding } = underline;
    const before = block.slice(Math.max(0, finding.start - CONTEXT_CHARACTERS), finding.start);
    const after = block.slice(finding.end, finding.end + CONTEXT_CHARACTERS);
    const button = make(
      "button",
      "finding-row",
      make(
        "span",
        "finding-context",
        before,
        make("mark", `finding finding-${finding.kind}`, finding.original),
        after,
      ),
      make("span", "card-meta", finding.reason),
    );
    button.type = "button";
    button.dataset.key = underline.id;
    // Edits elsewhere have moved it since.
    button.addEventListener("click", () => this.explain(this.grammar.get(underline.id) ?? underline));
    return make("li", "", button);
  }

  private drawKept(): HTMLElement[] {
    return [
      this.drawWords("mine", "My dictionary"),
      this.drawWords("document", "The document’s dictionary"),
      this.drawRules(),
    ].filter((part) => part !== null);
  }

  private drawWords(whose: Whose, title: string): HTMLElement | null {
    const { words } = this.grammar.preferences.get(whose);
    const changeable = whose === "mine" || this.editor.isEditable;
    return this.section(
      title,
      words.map((word) => ({
        words: word,
        remove: changeable ? () => this.grammar.change(whose, { remove_words: [word] }) : null,
      })),
    );
  }

  private drawRules(): HTMLElement | null {
    const { ignored_rules: rules } = this.grammar.preferences.get("mine");
    return this.section(
      "Ignored rules",
      rules.map((rule) => ({
        words: categoryLabel(rule.split(":").at(-1) ?? rule),
        remove: () => this.grammar.change("mine", { remove_ignored_rules: [rule] }),
      })),
    );
  }

  private section(
    title: string,
    entries: { words: string; remove: (() => void) | null }[],
  ): HTMLElement | null {
    if (entries.length === 0) return null;
    const items = entries.map(({ words, remove }) => {
      const item = make("li", "kept-entry", make("span", "", words));
      if (remove) item.append(makeButton("", remove, { kind: "icon", icon: "x", label: `Remove ${words}` }));
      return item;
    });
    const summary = make("summary", "", `${title} (${entries.length})`);
    summary.dataset.key = title;
    const details = make("details", "decided", summary, make("ul", "", ...items));
    details.open = this.opened.has(title);
    // Not with its `toggle`, which is told later: it may have been drawn anew by then.
    summary.addEventListener("click", () =>
      details.open ? this.opened.delete(title) : this.opened.add(title),
    );
    return details;
  }

  private readonly opened = new Set<string>();
}

function checkbox(
  label: string,
  more: string,
  { on, change }: { on: boolean; change(on: boolean): void },
): HTMLElement {
  const box = make("input", "");
  box.type = "checkbox";
  box.checked = on;
  box.dataset.key = label;
  box.addEventListener("change", () => change(box.checked));
  return make("label", "check", box, make("span", "", label, make("span", "card-meta", more)));
}

/** What is drawn anew keeps the focus where it was, by the elements' keys or, as buttons have none, by their names. */
function keepingFocus(home: HTMLElement, draw: () => void): void {
  const focused = document.activeElement;
  const key = focused instanceof HTMLElement && home.contains(focused) ? keyOf(focused) : null;
  draw();
  if (!key) return;
  const all = [...home.querySelectorAll<HTMLElement>("[data-key], button")];
  all.find((one) => keyOf(one) === key)?.focus({ preventScroll: true });
}

function keyOf(element: HTMLElement): string | null {
  return element.dataset.key ?? element.getAttribute("aria-label") ?? element.textContent;
}
