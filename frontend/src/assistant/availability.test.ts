// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Availability } from "./availability";

const REASON = "This is switched off for you at present.";

describe("availability", () => {
  beforeEach(() => {
    document.body.innerHTML = '<div id="toasts"></div><button title="Say it shorter">Shorten</button>';
  });

  it("greys what cannot be asked for and tells why, until it can", () => {
    const availability = new Availability();
    const button = document.querySelector("button") as HTMLButtonElement;
    const run = vi.fn();
    button.addEventListener("click", run);
    availability.mark(button, "shorten");
    button.click();
    expect(run).toHaveBeenCalledTimes(1);

    availability.take([{ action: "shorten", reason: REASON }]);
    expect(button.getAttribute("aria-disabled")).toBe("true");
    expect(button.title).toBe(REASON);
    button.click();
    expect(run).toHaveBeenCalledTimes(1);
    expect(document.getElementById("toasts")?.textContent).toContain(REASON);

    availability.take([]);
    expect(button.hasAttribute("aria-disabled")).toBe(false);
    expect(button.title).toBe("Say it shorter");
    button.click();
    expect(run).toHaveBeenCalledTimes(2);
  });

  it("stops a form whose button is greyed", () => {
    document.body.innerHTML = '<div id="toasts"></div><form><button>Translate</button></form>';
    const availability = new Availability();
    const form = document.querySelector("form") as HTMLFormElement;
    const submitted = vi.fn((event: Event) => event.preventDefault());
    form.addEventListener("submit", submitted);
    availability.mark(document.querySelector("button") as HTMLButtonElement, "translate");
    availability.take([{ action: "translate", reason: REASON }]);
    document.querySelector("button")?.click();
    expect(submitted).not.toHaveBeenCalled();
  });

  it("tells of a change once, and not of the same again", () => {
    const availability = new Availability();
    const heard = vi.fn();
    availability.onChange(heard);
    availability.take([]);
    availability.take([{ action: "chat", reason: REASON }]);
    availability.take([{ action: "chat", reason: REASON }]);
    expect(heard).toHaveBeenCalledTimes(1);
    expect(availability.why("chat")).toBe(REASON);
    expect(availability.why("continue")).toBe("");
  });
});
