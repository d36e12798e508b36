import { describe, expect, it } from "vitest";
import { initials, peoplePresent } from "./presence";

describe("who is present", () => {
  const user = (id: string, name: string, color = "#9f3a38") => ({ user: { id, name, color } });

  it("counts a person with two tabs once, oneself first", () => {
    const states = new Map<number, Record<string, unknown>>([
      [1, user("a", "Zoe")],
      [2, user("b", "Bob")],
      [3, user("b", "Bob")],
    ]);
    const people = peoplePresent(states, 1);
    expect(people.map(({ name, clients, self }) => [name, clients, self])).toEqual([
      ["Zoe", [1], true],
      ["Bob", [2, 3], false],
    ]);
  });

  it("copes with foreign clients that say nothing, or nonsense", () => {
    const states = new Map<number, Record<string, unknown>>([
      [1, {}],
      [2, { user: {} }],
      [3, { user: { name: 7, color: "red; background: url(x)" } }],
    ]);
    const people = peoplePresent(states, 9);
    expect(people).toHaveLength(2);
    for (const person of people) expect(person).toMatchObject({ name: "Someone", color: "#5f5a52" });
  });

  it.each([
    ["Alice Smith", "AS"],
    ["bob", "B"],
    ["jean-luc picard", "JP"],
    ["😀 Smile", "😀S"],
    ["  ", "?"],
  ])("shortens %j to %j", (name, expected) => {
    expect(initials(name)).toBe(expected);
  });
});
