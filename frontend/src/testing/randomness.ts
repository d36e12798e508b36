/** Repeatable randomness for property tests: `SEED=… npx vitest` runs a failed one again. */
export const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

export interface Randomness {
  /** At least 0 and less than `below`. */
  number(below: number): number;
  pick<T>(list: readonly T[]): T;
}

/** Mulberry32. */
export function randomness(start: number = seed): Randomness {
  let state = start;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const number = (below: number) => Math.floor(next() * below);
  return { number, pick: <T>(list: readonly T[]): T => list[number(list.length)] as T };
}
