/** Dictionaries, ignored rules and house styles: a person's own, and the document's for whoever writes in it. */
import { call } from "../documents/api";

export type Whose = "mine" | "document";

export interface Writing {
  words: string[];
  ignored_rules: string[];
  language: string;
  style: string;
}

export type Changes = Partial<Record<`${"add" | "remove"}_${"words" | "ignored_rules"}`, string[]>> & {
  style?: string;
};

const NOTHING: Writing = { words: [], ignored_rules: [], language: "", style: "" };

export class Preferences {
  private readonly known: Record<Whose, Writing> = { mine: NOTHING, document: NOTHING };
  private readonly paths: Record<Whose, string>;

  constructor(
    document: string,
    private readonly changed: () => void,
  ) {
    this.paths = { mine: "/api/v1/writing", document: `/api/v1/documents/${document}/writing` };
  }

  get(whose: Whose): Writing {
    return this.known[whose];
  }

  /** Everybody's words together. */
  words(): string[] {
    return [...new Set([...this.known.mine.words, ...this.known.document.words])];
  }

  ignoredRules(): string[] {
    return [...new Set([...this.known.mine.ignored_rules, ...this.known.document.ignored_rules])];
  }

  language(): string {
    return this.known.document.language || this.known.mine.language;
  }

  /** Without them everything is checked: a failure is no reason not to. */
  async load(): Promise<void> {
    await Promise.all((["mine", "document"] as const).map((whose) => this.look(whose)));
    this.changed();
  }

  /** Throws Problem. */
  async change(whose: Whose, changes: Changes): Promise<void> {
    this.known[whose] = await call<Writing>("PATCH", this.paths[whose], changes);
    this.changed();
  }

  private async look(whose: Whose): Promise<void> {
    const before = this.known[whose];
    const found = await call<Writing>("GET", this.paths[whose]).catch(() => NOTHING);
    // What was changed meanwhile came with its own answer, which is the later one.
    if (this.known[whose] === before) this.known[whose] = found ?? NOTHING;
  }
}
