/** Property: whatever becomes of blocks while others type into them, no letter is lost, and all see the same. */
import { afterEach, describe, expect, it } from "vitest";
import { type Guest, Hub } from "../testing/hub";
import { textblocks } from "../testing/mesh";
import { press, type } from "../testing/peers";
import { randomness, seed } from "../testing/randomness";

const ROUNDS = 12;
const STEPS = 30;
const FIRST_LETTER = 0x4e00; // each is typed once
const TEXT = "<p>The rain had stopped.</p><p></p><ul><li><p>Nobody spoke.</p></li></ul><p>It was quiet.</p>";

describe(`blocks that change while others type into them (seed ${seed})`, () => {
  const { number, pick } = randomness();
  let hub: Hub;
  let typed: string[];

  afterEach(() => hub.destroy());

  function step(guest: Guest): string {
    const blocks = textblocks(guest);
    const { from, size } = blocks[number(blocks.length)] ?? { from: 1, size: 0 };
    const { commands } = guest.editor;
    commands.setTextSelection(from + number(size + 1));
    const acts: Record<string, () => void> = {
      type: () => {
        const letter = String.fromCharCode(FIRST_LETTER + typed.length);
        typed.push(letter);
        type(guest, letter);
      },
      split: () => press(guest, "Enter"),
      join: () => {
        commands.setTextSelection(from);
        commands.joinBackward();
      },
      heading: () => commands.setNode("heading", { level: 2 }),
      paragraph: () => commands.setNode("paragraph"),
      list: () => commands.toggleBulletList(),
      quote: () => commands.toggleBlockquote(),
      leave: () => {
        hub.settle(); // what is lost on the way is told in `rescue.ts`
        hub.disconnect(guest);
      },
      come: () => guest.isConnected || hub.connect(guest),
      ...Object.fromEntries(["type ", "type  ", "type   "].map((name) => [name, () => acts.type?.()])),
    };
    const name = pick(Object.keys(acts));
    acts[name]?.();
    return name.trim();
  }

  for (const count of [2, 3])
    it(`keeps every letter of ${count} people`, () => {
      for (let round = 0; round < ROUNDS; round++) {
        hub = new Hub(count);
        typed = [];
        hub.guests[0]?.editor.commands.setContent(TEXT);
        hub.settle();
        const history: string[] = [];
        for (let index = 0; index < STEPS; index++) {
          const who = number(count);
          const guest = hub.guests[who] as Guest;
          history.push(`${who} ${step(guest)}`);
          for (const one of hub.guests) {
            if (number(2)) hub.send(one);
            if (number(2)) hub.hear(one);
          }
        }
        hub.settle();
        const texts = hub.guests.map(({ editor }) => editor.getText({ blockSeparator: "|" }));
        const told = `${history.join(", ")}\n${texts[0]}`;
        expect(new Set(texts).size, told).toBe(1);
        expect(
          typed.filter((letter) => !texts[0]?.includes(letter)),
          told,
        ).toEqual([]);
        hub.destroy();
      }
    });
});
