/** What the server tells of a document's versions, and the words for it. */

export interface Writer {
  id: string;
  name: string;
  color: string;
}

export interface Version {
  number: number;
  kind: "automatic" | "named" | "restored";
  name: string;
  created_at: string;
  authors: Writer[];
  made_by: Writer | null;
  restored_from: number | null;
}

export interface VersionPage {
  count: number;
  page: number;
  pages: number;
  items: Version[];
}

export interface Restored {
  changed: boolean;
  before: number;
}

export const NAME_MAX_CHARACTERS = 100;
/** Names that are listed; of more only the number is said. */
const NAMED_AUTHORS = 3;

/** "Today", "Yesterday", or the date; `today` as of now. */
function dayOf(moment: string, today = new Date()): string {
  const at = new Date(moment);
  const days = Math.round((midnight(today) - midnight(at)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  const year = at.getFullYear() === today.getFullYear() ? undefined : "numeric";
  return at.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long", year });
}

function midnight(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}

export function timeOf(moment: string): string {
  return new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

export function momentOf(moment: string): string {
  return new Date(moment).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

export function authorsOf({ authors }: Version): string {
  const names = authors.map(({ name }) => name);
  const others = names.length - NAMED_AUTHORS;
  if (others > 1) return `${names.slice(0, NAMED_AUTHORS).join(", ")} and ${others} others`;
  if (names.length < 2) return names[0] ?? "";
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** Versions by day, in their order. */
export function byDay(versions: readonly Version[], today = new Date()): [string, Version[]][] {
  const days: [string, Version[]][] = [];
  for (const version of versions) {
    const day = dayOf(version.created_at, today);
    const last = days.at(-1);
    if (last?.[0] === day) last[1].push(version);
    else days.push([day, [version]]);
  }
  return days;
}
