/** What is wrong in a block of text, whoever found it: offsets are UTF-16 code units into the block's text. */

/** How a finding is underlined, and what "accept all of a kind" takes together. */
export type Kind = "spelling" | "grammar" | "punctuation" | "wording";

export interface Finding {
  start: number;
  end: number;
  /** The words themselves: nothing is ever applied to others. */
  original: string;
  /** Best first; empty strings delete. */
  replacements: readonly string[];
  kind: Kind;
  /** As shown: "Spelling", "Article". */
  category: string;
  /** In one sentence. */
  reason: string;
  /** Found by the assistant: its generation and edit. */
  edit: { generation: string; id: string; category: string } | null;
}

/** Harper's kinds and the assistant's categories. */
const KINDS: Record<string, Kind> = {
  Spelling: "spelling",
  Typo: "spelling",
  spelling: "spelling",
  capitals: "spelling",
  Capitalization: "spelling",
  Punctuation: "punctuation",
  Formatting: "punctuation",
  punctuation: "punctuation",
  spacing: "punctuation",
  Style: "wording",
  Enhancement: "wording",
  Readability: "wording",
  Redundancy: "wording",
  Repetition: "grammar",
};

export const KIND_LABELS: Record<Kind, string> = {
  spelling: "Spelling",
  grammar: "Grammar",
  punctuation: "Punctuation",
  wording: "Wording",
};

export function kindOf(category: string): Kind {
  return KINDS[category] ?? "grammar";
}

/** `confused_word` and `WordChoice` in words. */
export function categoryLabel(category: string): string {
  const words = category
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Both lanes' findings without overlaps, in order: the assistant saw more of the text, so its own win. */
export function mergeFindings(deep: readonly Finding[], local: readonly Finding[]): Finding[] {
  const merged: Finding[] = [];
  for (const finding of [...deep, ...local]) {
    const overlaps = merged.some(({ start, end }) => finding.start < end && start < finding.end);
    if (!overlaps) merged.push(finding);
  }
  return merged.toSorted((one, other) => one.start - other.start);
}

/** A finding as it is told to a screen reader. */
export function spokenFinding({ category, original, reason, replacements }: Finding): string {
  const [best] = replacements;
  const advice = best === undefined ? "" : best === "" ? " Remove it?" : ` Replace it by “${best}”?`;
  return `${category}: “${original}”. ${reason}${advice}`;
}
