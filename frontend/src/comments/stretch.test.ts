import { describe, expect, it } from "vitest";
import { Stretch } from "./stretch";

describe("a stretch of a long list", () => {
  it("begins at its beginning and grows both ways", () => {
    const stretch = new Stretch(10);
    expect(stretch.within(4)).toEqual({ first: 0, last: 4 });
    expect(stretch.within(100)).toEqual({ first: 0, last: 10 });
    stretch.grow(1);
    stretch.grow(-1);
    expect(stretch.within(100)).toEqual({ first: 0, last: 20 });
  });

  it("goes to where something is to be seen, and stays where it is already", () => {
    const stretch = new Stretch(10);
    expect(stretch.hold(9)).toBe(false);
    expect(stretch.hold(-1)).toBe(false);
    expect(stretch.hold(60)).toBe(true);
    expect(stretch.within(100)).toEqual({ first: 55, last: 65 });
    stretch.grow(-1);
    expect(stretch.within(100)).toEqual({ first: 45, last: 65 });
    expect(stretch.within(62)).toEqual({ first: 45, last: 62 });
  });

  it("begins anew when the list has become shorter than where it was", () => {
    const stretch = new Stretch(10);
    stretch.hold(60);
    expect(stretch.within(20)).toEqual({ first: 0, last: 10 });
  });
});
