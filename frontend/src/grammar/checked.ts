/** What both lanes have found, by the text of a block. */
import { CHECKED_TEXTS_KEPT } from "../editor/limits";
import { type Finding, mergeFindings } from "./findings";

interface Checked {
  local: readonly Finding[] | null;
  deep: readonly Finding[];
  /** Both without what is ignored, as it was made last. */
  shown: readonly Finding[] | null;
}

export class CheckedTexts {
  private readonly entries = new Map<string, Checked>();

  /** `isCurrent`: whether a block of the document reads so; others are forgotten when there are too many. */
  constructor(private readonly isCurrent: (text: string) => boolean) {}

  isCheckedLocally(text: string): boolean {
    return Boolean(this.entries.get(text)?.local);
  }

  setLocal(text: string, found: readonly Finding[]): void {
    Object.assign(this.entry(text), { local: found, shown: null });
  }

  forgetLocal(): void {
    for (const entry of this.entries.values()) Object.assign(entry, { local: null, shown: null });
  }

  addDeep(text: string, finding: Finding): void {
    const entry = this.entry(text);
    Object.assign(entry, { deep: [...entry.deep, finding], shown: null });
  }

  /** Take out what a generation found. Return the texts it was in. */
  withdraw(generation: string): string[] {
    const texts: string[] = [];
    for (const [text, entry] of this.entries) {
      const left = entry.deep.filter(({ edit }) => edit?.generation !== generation);
      if (left.length === entry.deep.length) continue;
      Object.assign(entry, { deep: left, shown: null });
      texts.push(text);
    }
    return texts;
  }

  /** Have what is shown chosen anew: what is ignored has changed. */
  chooseAnew(): void {
    for (const entry of this.entries.values()) entry.shown = null;
  }

  /** What is to be shown in a text; null while a lane that is `awaited` may still find the first. */
  shown(text: string, awaited: boolean, isShown: (finding: Finding) => boolean): readonly Finding[] | null {
    const entry = this.entries.get(text);
    if (!entry || (!entry.local && entry.deep.length === 0 && awaited)) return null;
    entry.shown ??= mergeFindings(entry.deep, entry.local ?? []).filter(isShown);
    return entry.shown;
  }

  private entry(text: string): Checked {
    let entry = this.entries.get(text);
    if (!entry) {
      entry = { local: null, deep: [], shown: null };
      this.entries.set(text, entry);
      this.forgetOldest();
    }
    return entry;
  }

  private forgetOldest(): void {
    for (const text of this.entries.keys()) {
      if (this.entries.size <= CHECKED_TEXTS_KEPT) return;
      if (!this.isCurrent(text)) this.entries.delete(text);
    }
  }
}
