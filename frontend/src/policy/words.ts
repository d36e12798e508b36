/** Policies in words. The sentences of what holds come from the server; these name what can be chosen. */
import type { PolicyInForce } from "../assistant/messages";

export type Policy = Pick<PolicyInForce, "mode" | "routes" | "spenders" | "screening" | "after_checks">;
export type Field = keyof Policy;

export const FIELDS: readonly { field: Field; label: string; choices: readonly [string, string][] }[] = [
  {
    field: "mode",
    label: "The assistant may be asked for",
    choices: [
      ["full", "Everything"],
      ["suggestions", "Suggestions only"],
      ["off", "Nothing: it is off"],
    ],
  },
  {
    field: "routes",
    label: "Models",
    choices: [
      ["any", "All models"],
      ["local", "Local models only"],
    ],
  },
  {
    field: "spenders",
    label: "Who may ask",
    choices: [
      ["everyone", "Everybody who may edit"],
      ["editors", "Editors invited themselves"],
      ["owners", "Owners only"],
    ],
  },
  {
    field: "screening",
    label: "Screening of requests",
    choices: [
      ["usual", "As usual"],
      ["strict", "Strict"],
    ],
  },
  {
    field: "after_checks",
    label: "Looked at once more",
    choices: [
      ["none", "As the installation does"],
      ["transcripts", "Every answer"],
      ["everything", "Answers and the document"],
    ],
  },
];

/** What a choice means, where its name does not say it. */
export const MEANINGS: Readonly<Record<string, string>> = {
  suggestions:
    "Left are grammar, suggestions, titles and the chat. Nothing is written or rewritten as a whole, and answers of the chat are not put into the text.",
  off: "Nothing can be asked for. What is being written is stopped; what was proposed before can still be accepted.",
  local: "Only models of this installation are asked: no text leaves it.",
  editors:
    "Owners, and editors who were invited by name. Members of a team that the document is shared with may not.",
  strict: "What is only noted elsewhere waits for a reviewer.",
};

const BADGES: Readonly<Record<string, string>> = {
  suggestions: "Suggestions only",
  off: "Assistant off",
  local: "Local models only",
  editors: "Invited editors ask",
  owners: "Owners ask",
  strict: "Strict screening",
  transcripts: "Answers are checked",
  everything: "Text is checked",
};

/** What holds, in a word or two each, the most telling first; nothing where everything may be asked for. */
export function badges(policy: Policy): string[] {
  if (policy.mode === "off") return ["Assistant off"];
  return FIELDS.map(({ field }) => BADGES[policy[field]]).filter((words) => words !== undefined);
}

/** A stored version in a line. */
export function summary(policy: Policy): string {
  return badges(policy).join(", ") || "Everything";
}
