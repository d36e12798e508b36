import { describe, expect, it } from "vitest";
import { quotaLine } from "./quota";

const now = new Date("2026-11-24T15:00:00Z");
const quota = {
  tier: "free",
  remaining_tokens: 812_345,
  limit_tokens: 1_000_000,
  window: "day" as const,
  resets_at: "2026-11-25T00:00:00Z",
};
const line = (changed: object) => quotaLine({ ...quota, ...changed }, now, "en-GB", "UTC");

describe("what is left of one's tokens", () => {
  it("is a quiet number while there is plenty", () => {
    expect(line({})).toEqual({
      text: "812.3k tokens left today",
      short: "812.3k left",
      again: "more from 00:00",
      tone: "calm",
      detail: "There are more from 00:00.",
    });
  });

  it("warns when four fifths are used", () => {
    expect(line({ remaining_tokens: 200_001 })?.tone).toBe("calm");
    expect(line({ remaining_tokens: 200_000 })).toMatchObject({
      tone: "low",
      detail: "80 % are used. There are more from 00:00.",
    });
  });

  it("says what smaller models have beside that", () => {
    expect(line({ remaining_tokens: 0, smaller_tokens: 40_000 })?.detail).toBe(
      "There are more from 00:00. Beside these, smaller models have 40k today.",
    );
  });

  it("says clearly that nothing is left, and from when on there is more", () => {
    expect(line({ remaining_tokens: 0, window: "month", resets_at: "2026-12-01T00:00:00Z" })).toEqual({
      text: "No tokens left this month",
      short: "No tokens left",
      again: "more from Tuesday 1 December, 00:00",
      tone: "out",
      detail: "There are more from Tuesday 1 December, 00:00.",
    });
  });

  it("says nothing where there is no limit", () => {
    expect(quotaLine({ tier: "unlimited", remaining_tokens: null, resets_at: null }, now)).toBeNull();
  });
});
