import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Assistant } from "../assistant/assistant";
import type { PolicyInForce } from "../assistant/messages";
import { FREE } from "../testing/policy";
import { showPolicy } from "./badge";

const OFF: PolicyInForce = {
  ...FREE,
  mode: "off",
  refusal: "The assistant is off here.",
  held: [
    { level: "document", says: ["The assistant is off."], by: "Alice, for this document", reason: "Exam" },
  ],
};

describe("the badge of policies", () => {
  let say: (policy: PolicyInForce) => void;
  let running: { action: string; state: string; user: { id: string } }[];

  beforeEach(() => {
    document.body.innerHTML = '<button id="policy" hidden></button><div id="toasts"></div>';
    running = [];
    showPolicy({
      config: { user: { id: "u1" } },
      availability: { why: () => "The assistant is off here." },
      all: () => running,
      onPolicy: (listener: (policy: PolicyInForce) => void) => {
        say = listener;
      },
    } as unknown as Assistant);
  });
  afterEach(() => document.body.replaceChildren());

  const badge = () => document.querySelector<HTMLButtonElement>("#policy");

  it("shows what holds, and nothing where nothing does", () => {
    say(FREE);
    expect(badge()?.hidden).toBe(true);
    say(OFF);
    expect(badge()?.hidden).toBe(false);
    expect(badge()?.getAttribute("aria-label")).toBe("Assistant policy: Assistant off");
    expect(badge()?.title).toBe("The assistant is off.");
    say(FREE);
    expect(badge()?.hidden).toBe(true);
  });

  it("tells whoever waits for an answer that it is stopped, and nobody else", () => {
    running = [{ action: "continue", state: "streaming", user: { id: "u2" } }];
    say(OFF);
    expect(document.querySelector(".toast")).toBeNull();
    running = [{ action: "continue", state: "streaming", user: { id: "u1" } }];
    say(OFF);
    expect(document.querySelector(".toast")?.textContent).toContain(
      "The assistant is off here. What it was writing for you is stopped.",
    );
  });
});
