import { describe, expect, it } from "vitest";
import { failureSentence } from "./words";

const failure = {
  code: "provider_unavailable",
  message: "x",
  retryable: true,
  retryAfter: null,
  offer: null,
};

describe("a failure in words", () => {
  it("says what happened, what was kept and what to do", () => {
    expect(failureSentence(failure, false)).toBe(
      "The model cannot be reached. Your text is untouched. Try again in a moment.",
    );
    expect(failureSentence(failure, true)).toContain("What had arrived stays as a suggestion.");
  });

  it("names the wait", () => {
    expect(failureSentence({ ...failure, code: "rate_limited", retryAfter: 1 }, false)).toContain(
      "in 1 second.",
    );
    expect(failureSentence({ ...failure, code: "rate_limited", retryAfter: 300 }, false)).toContain(
      "in 5 minutes.",
    );
    expect(failureSentence({ ...failure, code: "quota_exceeded", retryAfter: 20_000 }, false)).toContain(
      "in 6 hours.",
    );
  });

  it("falls back on the server's words for a code it does not know", () => {
    expect(failureSentence({ ...failure, code: "new", message: "The moon is full." }, false)).toContain(
      "The moon is full.",
    );
  });
});
