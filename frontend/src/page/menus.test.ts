import { beforeEach, describe, expect, it } from "vitest";
import { enhanceMenus } from "./menus";

describe("menus", () => {
  let menu: HTMLDetailsElement;

  beforeEach(() => {
    document.body.innerHTML = `
      <details data-menu open><summary>Actions</summary><a href="/x">Rename</a></details>
      <button>Elsewhere</button>`;
    menu = document.querySelector("details") as HTMLDetailsElement;
    enhanceMenus(document);
  });

  it("closes on Escape and gives the focus back to its button", () => {
    menu.querySelector("a")?.focus();
    document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    expect(menu.open).toBe(false);
    expect(document.activeElement).toBe(menu.querySelector("summary"));
  });

  it("closes on a click elsewhere, not on one inside", () => {
    menu.querySelector("summary")?.dispatchEvent(new Event("focusin", { bubbles: true }));
    expect(menu.open).toBe(true);
    document.querySelector("button")?.click();
    expect(menu.open).toBe(false);
  });

  it("closes when the focus leaves it", () => {
    document.querySelector("button")?.dispatchEvent(new Event("focusin", { bubbles: true }));
    expect(menu.open).toBe(false);
  });
});
