/** People's names after an @ in plain text: finding the one being written, who is meant, and where they stand. */
import type { Person } from "./comment";

const OFFERED_MAX = 6;
/** An @ at a word's start, and up to three words after it, up to the caret. */
const WRITTEN = /(?:^|[\s(\u201c"'])@((?:[\p{L}\p{M}\p{N}._'\u2019-]+ ){0,2}[\p{L}\p{M}\p{N}._'\u2019-]*)$/u;

/** What is written after an @ before the caret; null where nobody is being named. */
export function nameBeingWritten(beforeCaret: string): string | null {
  return WRITTEN.exec(beforeCaret)?.[1] ?? null;
}

/** Those whose name, or a word of it, begins with what is written. */
export function matching(people: readonly Person[], written: string): Person[] {
  const wanted = written.toLocaleLowerCase();
  const fits = ({ name }: Person) => {
    const known = name.toLocaleLowerCase();
    if (known === wanted.trimEnd()) return !wanted.endsWith(" ");
    return (
      known.startsWith(wanted) || known.split(/\s+/).some((word) => wanted !== "" && word.startsWith(wanted))
    );
  };
  return people.filter(fits).slice(0, OFFERED_MAX);
}

/** The pieces of a text, in order; those that name one of `people` with who it is. */
export function pieces<P extends Pick<Person, "name">>(
  text: string,
  people: readonly P[],
): { text: string; person: P | null }[] {
  const longest = people.toSorted((one, other) => other.name.length - one.name.length);
  const found: { text: string; person: P | null }[] = [];
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const person = text[at] === "@" ? longest.find(({ name }) => isNamedAt(text, at + 1, name)) : undefined;
    if (person) {
      if (plain) found.push({ text: plain, person: null });
      plain = "";
      found.push({ text: `@${person.name}`, person });
      at += 1 + person.name.length;
    } else plain += text[at++];
  }
  if (plain) found.push({ text: plain, person: null });
  return found;
}

function isNamedAt(text: string, at: number, name: string): boolean {
  return name !== "" && text.startsWith(name, at) && !/[\p{L}\p{N}]/u.test(text.charAt(at + name.length));
}

/** Ids of those named in a text; of several with one name only who was `chosen`. */
export function named(text: string, people: readonly Person[], chosen: ReadonlySet<string>): string[] {
  const names = new Set(pieces(text, people).flatMap(({ person }) => (person ? [person.name] : [])));
  return [...names].flatMap((name) => {
    const alike = people.filter((person) => person.name === name);
    const picked = alike.filter(({ id }) => chosen.has(id));
    return (picked.length > 0 ? picked : alike.length === 1 ? alike : []).map(({ id }) => id);
  });
}
