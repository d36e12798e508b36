/** Property: whoever takes what of a proposal at once, it stands in the text once, and nothing that was typed is lost. */
import { afterEach, describe, expect, it } from "vitest";
import { createAnchor } from "../collaboration/anchors";
import { takesIn } from "../collaboration/takes";
import { type Member, makeMembers, tell, tellAll, textblocks } from "../testing/mesh";
import { randomness, seed } from "../testing/randomness";
import { Ghosts } from "./ghost";

const ROUNDS = 25;
const BEFORE = ["The", "rain", "had", "stopped.", "Nobody", "spoke.", "Second.", "Third.", "Fourth."];
const TEXTS = [
  "<p>The rain had stopped. Nobody spoke.</p><p>Second.</p><p>Third.</p><p>Fourth.</p>",
  "<h2>The rain had stopped. Nobody spoke.</h2><p></p><p>Second.</p><p>Third. Fourth.</p>",
  "<p>The rain had</p><ul><li><p>stopped. Nobody spoke.</p></li><li><p>Second.</p></li></ul><p>Third.</p><p></p><p>Fourth.</p>",
  "<p></p><p>The rain had stopped. Nobody spoke. Second.</p><p></p><blockquote><p>Third.</p></blockquote><p>Fourth.</p>",
];
const LINES = ["It was quiet.", "Only herons cried", "over wet reeds.", "At last came dawn."];

interface Person extends Member {
  ghosts: Ghosts;
}

interface History {
  what: string;
  words: readonly string[];
  took: ReadonlySet<string>;
  /** Whether a take of several paragraphs was undone. */
  undone: boolean;
}

describe(`a proposal that several take parts of at once (seed ${seed})`, () => {
  const { number, pick } = randomness();
  let people: Person[] = [];
  let typed = 0;

  afterEach(end);

  function end(): void {
    for (const { editor } of people) editor.destroy();
    people = [];
    document.body.innerHTML = "";
  }

  const textOf = ({ editor }: Member) => editor.getText({ blockSeparator: "\n" });
  const settled = () => new Promise((resolve) => setTimeout(resolve));
  /** Between words, where a caret stands. */
  const isPlace = (text: string, at: number) =>
    at === 0 || at === text.length || text[at] === " " || text[at - 1] === " ";

  function begin(count: number): { words: string[]; text: string } {
    const layers = Array.from(
      { length: count },
      () => new Ghosts({ dismissed: () => {}, taken: () => {}, wanted: () => {}, changed: () => {} }),
    );
    people = makeMembers(count, (index) => [layers[index]?.extension() ?? never()]).map((member, index) => ({
      ...member,
      ghosts: layers[index] ?? never(),
    }));
    const [first] = people as [Person];
    first.editor.commands.setContent(pick(TEXTS));
    tellAll(people);
    const { from, size } = pick(filled(first));
    const { state } = first.editor;
    const block = state.doc.textBetween(from, from + size);
    const places = Array.from({ length: size + 1 }, (_, at) => at).filter((at) => isPlace(block, at));
    const anchor = createAnchor(state, from + pick(places)) ?? never();
    const lines = LINES.slice(0, 1 + number(LINES.length));
    const text = pick(["", " ", "\n\n"]) + lines.join(pick([" ", "\n\n", "\n"]));
    for (const [index, { ghosts }] of people.entries()) {
      ghosts.add({
        id: "g1",
        anchor,
        mine: index === 0,
        private: false,
        name: "",
        color: "#9f3a38",
        demo: false,
      });
      const isOver = number(3) > 0;
      ghosts.setText("g1", isOver ? text : text.slice(0, 4 + number(text.length)));
      if (isOver) ghosts.end("g1");
    }
    return { words: lines.join(" ").split(" "), text };
  }

  /** In an empty block the binding writes the words of one of several anew: then nobody knows whose they are. */
  const filled = (person: Person) => textblocks(person).filter(({ size }) => size > 0);

  function type(person: Person): void {
    const { from, size } = pick(filled(person));
    const { editor } = person;
    editor.view.dispatch(editor.state.tr.insertText(letter(typed++), from + number(size + 1)));
  }

  async function round(count: number, acts: readonly string[]): Promise<History> {
    const { words, text } = begin(count);
    const done: string[] = [];
    const took = new Set<string>();
    const act = (person: Person, name: string) => {
      const kind = pick(acts);
      done.push(`${name}:${kind}`);
      if (kind === "type") return type(person);
      if (kind === "caret") {
        const { from, size } = pick(textblocks(person));
        person.editor.commands.setTextSelection(from + number(size + 1));
        return;
      }
      const before = textOf(person);
      const had = countOf(before, words);
      if (!person.ghosts.take("g1", kind === "all" ? "all" : "word")) return;
      const now = countOf(textOf(person), words);
      if (kind === "undo") {
        person.editor.commands.undo();
        expect(textOf(person), `undone: ${done.join(" ")}`).toBe(before);
      } else for (const word of words) if ((now.get(word) ?? 0) > (had.get(word) ?? 0)) took.add(word);
    };
    for (let step = 2 + number(6); step > 0; step--) {
      const index = number(count);
      act(people[index] ?? never(), String(index));
      if (count > 2 && number(3) === 0) {
        const [from, to] = [number(count), number(count)];
        if (from !== to) tell(people[from] ?? never(), people[to] ?? never());
        done.push(`${from}>${to}`);
        await settled();
      }
    }
    const texts = people.map(textOf);
    tellAll(people);
    await settled();
    tellAll(people);
    const order = people.map(({ document: { clientID } }) => clientID);
    const what = `${JSON.stringify(text)} ${done.join(" ")} (${order.join(" ")})\n${texts.map((one) => JSON.stringify(one)).join("\n")}\nbecame ${people.map((person) => JSON.stringify(textOf(person))).join("\n")}\n`;
    return { what, words, took, undone: text.includes("\n") && done.some((one) => one.endsWith("undo")) };
  }

  function agree(what: string): string {
    const [first, ...others] = people as [Person, ...Person[]];
    for (const other of others) expect(other.editor.getJSON(), what).toEqual(first.editor.getJSON());
    return textOf(first);
  }

  function isOnce(text: string, { what, words, took, undone }: History): void {
    const found = countOf(text, words);
    for (const word of words) {
      expect(found.get(word), `${what}: ${word}`).toBeLessThan(2);
      if (took.has(word)) expect(found.get(word), `${what}: ${word}`).toBeGreaterThan(0);
    }
    for (const word of BEFORE) {
      expect(text, `${what}: ${word}`).toContain(word);
      // Undo writes anew what a split moved, which another's split may have moved too.
      if (!undone) expect(text.split(word), `${what}: ${word}`).toHaveLength(2);
    }
  }

  /** Whether nobody has taken what another has. */
  function isGivenWay(): boolean {
    const takes = takesIn((people[0] ?? never()).document, new Set(["g1"]));
    return takes.every((one) =>
      takes.every((other) => one.client === other.client || other.to <= one.from || one.to <= other.from),
    );
  }

  function isMarked(what: string, words: readonly string[]): void {
    (people[0] ?? never()).editor.state.doc.descendants((node) => {
      if (!node.isText) return;
      const isAssisted = node.marks.some(({ attrs }) => attrs.gen === "g1");
      for (const word of words)
        if (node.text?.includes(word)) expect(isAssisted, `${what}: ${word}`).toBe(true);
    });
  }

  it("stands in the text once, of two", async () => {
    for (let one = 0; one < ROUNDS; one++) {
      const history = await round(2, ["word", "word", "all", "undo", "caret"]);
      const text = agree(history.what);
      expect(isGivenWay(), history.what).toBe(true);
      isOnce(text, history);
      isMarked(history.what, history.words);
      end();
    }
  });

  it.each([2, 3])("loses nothing that %d type meanwhile", async (count) => {
    for (let one = 0; one < ROUNDS; one++) {
      const first = typed;
      const { what, words, took } = await round(count, ["word", "all", "type", "type", "undo", "caret"]);
      const text = agree(what);
      for (let index = first; index < typed; index++)
        expect(text, `${what}: letter ${index - first}`).toContain(letter(index));
      const found = countOf(text.replace(/\p{Co}/gu, ""), words);
      for (const word of took) expect(found.get(word), `${what}: ${word}`).toBeGreaterThan(0);
      end();
    }
  });
});

function countOf(text: string, words: readonly string[]): Map<string, number> {
  return new Map(words.map((word) => [word, text.split(word).length - 1]));
}

/** A letter that is typed once. */
function letter(index: number): string {
  return String.fromCharCode(0xe000 + index);
}

function never(): never {
  throw new Error("never");
}
