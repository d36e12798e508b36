import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Assistant } from "../assistant/assistant";
import type { PolicyInForce } from "../assistant/messages";
import { FREE } from "../testing/policy";
import { openPolicy } from "./dialog";
import { badges } from "./words";

const EXAM: PolicyInForce = {
  ...FREE,
  mode: "off",
  refusal: "The assistant is off here.",
  held: [
    { level: "document", says: ["The assistant is off."], by: "Alice, for this document", reason: "Exam" },
  ],
};

describe("the words of a badge", () => {
  it("say what holds, and nothing where everything may be asked for", () => {
    expect(badges(FREE)).toEqual([]);
    expect(badges(EXAM)).toEqual(["Assistant off"]);
    expect(badges({ ...EXAM, routes: "local" }), "the rest is no matter then").toEqual(["Assistant off"]);
    expect(badges({ ...FREE, mode: "suggestions", routes: "local" })).toEqual([
      "Suggestions only",
      "Local models only",
    ]);
  });
});

describe("the dialog about a policy", () => {
  let sent: { method: string; body: unknown }[];
  let listeners: ((policy: PolicyInForce) => void)[];
  let mayChange: boolean;
  let detail: string;

  beforeEach(() => {
    [sent, listeners, mayChange, detail] = [[], [], true, ""];
    vi.stubGlobal("fetch", async (_path: string, init: RequestInit) => {
      sent.push({ method: init.method ?? "", body: init.body ? JSON.parse(String(init.body)) : null });
      if (init.method === "PUT" && detail)
        return Response.json({ code: "forbidden", detail }, { status: 403 });
      const { mode, routes, spenders, screening, after_checks } = EXAM;
      const policy = { mode, routes, spenders, screening, after_checks };
      const first = { version: 1, reason: "Exam", changed_by: null, created_at: "2030-01-02T00:00:00Z" };
      return Response.json({ policy, may_change: mayChange, versions: [{ ...policy, ...first }] });
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    document.body.replaceChildren();
  });

  async function opened(): Promise<HTMLDialogElement> {
    openPolicy({
      policy: EXAM,
      config: { document: { id: "d1" } },
      onPolicy: (listener: (policy: PolicyInForce) => void) => listeners.push(listener),
    } as unknown as Assistant);
    const dialog = document.querySelector("dialog");
    if (!dialog) throw new Error("no dialog");
    await vi.waitFor(() => expect(dialog.querySelector("details")).not.toBeNull());
    return dialog;
  }

  it("shows who set what and why, and changes with it", async () => {
    const dialog = await opened();
    expect(dialog.textContent).toContain("The assistant is off.");
    expect(dialog.textContent).toContain("Alice, for this document: “Exam”");
    for (const listener of listeners) listener(FREE);
    expect(dialog.textContent).toContain("No policy holds here");
  });

  it("lets owners set another, with a reason", async () => {
    const dialog = await opened();
    const [mode] = dialog.querySelectorAll("select");
    const reason = dialog.querySelector<HTMLInputElement>("input");
    if (!mode || !reason) throw new Error("no form");
    expect(mode.value).toBe("off");
    mode.value = "suggestions";
    dialog.querySelector("form")?.requestSubmit();
    expect(dialog.querySelector(".problem")?.textContent).toContain("Write why");
    reason.value = "Over";
    detail = "Your role here is editor; this needs owner.";
    dialog.querySelector("form")?.requestSubmit();
    await vi.waitFor(() => expect(dialog.querySelector(".problem")?.textContent).toBe(detail));
    expect(reason.value, "what was written stays").toBe("Over");
    detail = "";
    dialog.querySelector("form")?.requestSubmit();
    await vi.waitFor(() => expect(sent.filter(({ method }) => method === "PUT")).toHaveLength(2));
    expect(sent.at(-1)?.body).toEqual({
      mode: "suggestions",
      routes: "any",
      spenders: "everyone",
      screening: "usual",
      after_checks: "none",
      reason: "Over",
    });
  });

  it("shows everybody else what holds, and no form", async () => {
    mayChange = false;
    const dialog = await opened();
    expect(dialog.querySelector("form")).toBeNull();
  });
});
