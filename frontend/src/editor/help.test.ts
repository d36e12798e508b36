import { describe, expect, it } from "vitest";
import { GROUPS } from "./help";

const sources = import.meta.glob<string>(["../**/*.ts", "!../**/*.test.ts"], {
  query: "?raw",
  import: "default",
  eager: true,
});
const BINDING = /"((?:(?:Mod|Alt|Shift|Ctrl)-)+[A-Za-z0-9]+)":/g;
const ARROWS: Record<string, string> = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };
/** The same on a Mac, where Ctrl is not Mod. */
const SECOND_KEYS = ["Ctrl-ArrowRight"];

function asListed(binding: string): string[] {
  const parts = binding.split("-");
  const key = parts.pop() as string;
  return [...parts, ARROWS[key] ?? (key.length === 1 ? key.toUpperCase() : key)];
}

describe("The help sheet", () => {
  const bindings = Object.values(sources).flatMap((text) =>
    [...text.matchAll(BINDING)].map(([, key]) => key as string),
  );
  const listed = GROUPS.flatMap(([, keys]) => keys.map(([key]) => key.split(" ")));

  it("lists every key that a tool is bound to", () => {
    expect(bindings.length).toBeGreaterThan(8);
    const missing = bindings.filter(
      (binding) =>
        !SECOND_KEYS.includes(binding) &&
        !listed.some((keys) => asListed(binding).every((part) => keys.includes(part))),
    );
    expect(missing).toEqual([]);
  });
});
