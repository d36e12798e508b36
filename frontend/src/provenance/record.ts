/** Where the document's text comes from, as the server knows it. */
import type { Person } from "../assistant/messages";

/** A generation that text was taken over from, and who did that. */
export interface Source {
  id: string;
  action: string;
  model: string;
  demo: boolean;
  user: Person;
  created_at: string;
  taken: { decision: "accepted" | "edited"; user: Person; created_at: string }[];
}

export interface Span {
  origin: "pasted" | "assisted";
  block: number;
  text: string;
  generation: string;
  on_record: boolean;
}

export interface Provenance {
  made_at: string;
  percent: Record<"typed" | "pasted" | "assisted", number>;
  spans: Span[];
  sources: Source[];
}

export const NOT_ON_RECORD =
  "There is no record of who accepted it: it may have been pasted from another document.";

/** Who took it over, when, and which model wrote it: a sentence each. */
export function describeSource({ user, taken, model, demo }: Source): string[] {
  const last = taken.at(-1);
  const how = last?.decision === "edited" ? "Accepted with changes" : "Accepted";
  return [
    `Written by the assistant for ${user.name}.`,
    ...(last ? [`${how} by ${last.user.name}, ${when(last.created_at)}.`] : []),
    `Model: ${model || "unknown"}${demo ? " (demo)" : ""}.`,
  ];
}

export function when(moment: string): string {
  return new Date(moment).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
