import { describe, expect, it } from "vitest";
import { isSmallerOffered } from "./offer";
import { failureSentence } from "./words";

const refusal = { code: "quota_exceeded", message: "", retryable: true, retryAfter: 18_000, offer: null };

describe("what is offered at the limit", () => {
  it("is a smaller model, beside the time from which the usual one is there again", () => {
    const offered = { ...refusal, offer: { kind: "smaller_model" as const, model: "m" } };
    expect(isSmallerOffered(offered)).toBe(true);
    expect(failureSentence(offered, false)).toBe(
      "There are not enough tokens left for this. Your text is untouched. A smaller model can do it now, the usual one in 5 hours.",
    );
  });

  it("is nothing where the server offers nothing", () => {
    expect(isSmallerOffered(refusal)).toBe(false);
    expect(isSmallerOffered(null)).toBe(false);
    expect(failureSentence(refusal, false)).toContain("Try again in 5 hours.");
  });
});
