import { beforeEach, describe, expect, it, vi } from "vitest";
import { enhanceThemeForms, shownTheme } from "./theme";

describe("theme", () => {
  let system = "light";
  const sent: FormData[] = [];

  beforeEach(() => {
    system = "light";
    sent.length = 0;
    delete document.documentElement.dataset.theme;
    vi.stubGlobal("matchMedia", () => ({ matches: system === "dark" }));
    vi.stubGlobal("fetch", (_: string, { body }: { body: FormData }) => {
      sent.push(body);
      return Promise.resolve(new Response());
    });
    document.body.innerHTML = `
      <form method="post" action="/settings/appearance/" data-theme-form>
        <input type="hidden" name="csrfmiddlewaretoken" value="token">
        <button name="appearance" value="dark" aria-label="Dark colours">x</button></form>`;
  });

  const button = () => document.querySelector("button") as HTMLButtonElement;
  const submit = () =>
    document.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true, bubbles: true }));

  it("follows the system until somebody chooses", () => {
    system = "dark";
    expect(shownTheme(document.documentElement)).toBe("dark");
    document.documentElement.dataset.theme = "light";
    expect(shownTheme(document.documentElement)).toBe("light");
  });

  it("offers the other colours, also where the system is dark", () => {
    system = "dark";
    enhanceThemeForms(document);
    expect(button().value).toBe("light");
    expect(button().getAttribute("aria-label")).toBe("Light colours");
  });

  it("changes at once and tells the server", () => {
    enhanceThemeForms(document);
    submit();
    expect(document.documentElement.dataset.theme).toBe("dark");
    expect(button().getAttribute("aria-label")).toBe("Light colours");
    expect(sent[0]?.get("appearance")).toBe("dark");
    expect(sent[0]?.get("csrfmiddlewaretoken")).toBe("token");
    submit();
    expect(document.documentElement.dataset.theme).toBe("light");
  });
});
