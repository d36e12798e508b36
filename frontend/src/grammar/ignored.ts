/** Places where a finding was ignored in one document: known again by the words around them, also after a reload. */
import type { Finding } from "./findings";

/** Of one document, the latest. */
const PLACES_MAX = 500;
const CONTEXT_CHARACTERS = 16;

export class IgnoredPlaces {
  private readonly key: string;
  private readonly places: Set<string>;

  constructor(document: string) {
    this.key = `interline.ignored:${document}`;
    this.places = new Set(recall(this.key));
  }

  has(text: string, finding: Finding): boolean {
    return this.places.has(placeOf(text, finding));
  }

  add(text: string, finding: Finding): void {
    this.places.add(placeOf(text, finding));
    localStorage.setItem(this.key, JSON.stringify([...this.places].slice(-PLACES_MAX)));
  }
}

function placeOf(text: string, { start, end, category, original }: Finding): string {
  const before = text.slice(Math.max(0, start - CONTEXT_CHARACTERS), start);
  return [category, before, original, text.slice(end, end + CONTEXT_CHARACTERS)].join("\u0001");
}

function recall(key: string): string[] {
  try {
    const known: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(known) ? known.map(String) : [];
  } catch {
    return [];
  }
}
