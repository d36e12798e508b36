/** What the page and the checker's worker say to each other. Offsets are UTF-16 code units. */
export type ToWorker =
  | { type: "settings"; words: string[]; ignoredRules: string[]; british: boolean }
  | { type: "check"; id: number; text: string }
  | { type: "rule"; id: number; text: string; start: number; end: number };

export type Lints = readonly {
  start: number;
  end: number;
  kind: string;
  message: string;
  replacements: readonly string[];
}[];

export type FromWorker =
  | { type: "ready" }
  | { type: "broken" }
  | { type: "checked"; id: number; lints: Lints }
  | { type: "rule"; id: number; rule: string };
