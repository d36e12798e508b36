import { describe, expect, it } from "vitest";
import { matching, nameBeingWritten, named, pieces } from "./mentions";

const person = (id: string, name: string) => ({ id, name, color: "#9f3a38" });
const PEOPLE = [person("1", "Alice"), person("2", "Alice Munro"), person("3", "Bob"), person("4", "Bob")];

describe("mentions", () => {
  it("begin with an @ at a word's start and end with the caret", () => {
    expect(nameBeingWritten("Look, @Al")).toBe("Al");
    expect(nameBeingWritten("@")).toBe("");
    expect(nameBeingWritten("(@Alice Mun")).toBe("Alice Mun");
    expect(nameBeingWritten("alice@exa")).toBeNull();
    expect(nameBeingWritten("@Alice\nand")).toBeNull();
    expect(nameBeingWritten("no one")).toBeNull();
  });

  it("offer those whose name or a word of it begins so", () => {
    const names = (written: string) => matching(PEOPLE, written).map(({ name }) => name);
    expect(names("mun")).toEqual(["Alice Munro"]);
    expect(names("AL")).toEqual(["Alice", "Alice Munro"]);
    expect(names("zed")).toEqual([]);
    expect(names("Bob ")).toEqual([]);
    expect(matching(Array(20).fill(PEOPLE[0]), "")).toHaveLength(6);
  });

  it("are found in a text, the longest name first, and as whole words", () => {
    const found = pieces("@Alice Munro, @Alice and @Alicent", PEOPLE);
    expect(found.map(({ text, person: who }) => (who ? `[${who.id}]` : text)).join("")).toBe(
      "[2], [1] and @Alicent",
    );
    expect(pieces("<b>@Bobby</b>", PEOPLE)).toEqual([{ text: "<b>@Bobby</b>", person: null }]);
  });

  it("name only who was chosen, where several have the same name", () => {
    expect(named("@Alice, @Bob", PEOPLE, new Set())).toEqual(["1"]);
    expect(named("@Alice, @Bob", PEOPLE, new Set(["4"]))).toEqual(["1", "4"]);
    expect(named("nobody", PEOPLE, new Set(["4"]))).toEqual([]);
  });
});
