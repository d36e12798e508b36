import { beforeEach, describe, expect, it, vi } from "vitest";
import { LazyPanel } from "./lazy-panel";

describe("a panel whose code is loaded when it is looked at", () => {
  let container: HTMLElement;
  beforeEach(() => {
    document.body.innerHTML = '<div id="panel" tabindex="0"></div>';
    container = document.getElementById("panel") as HTMLElement;
  });

  const code = { words: "inside" };
  const build = ({ words }: typeof code, home: HTMLElement) => {
    const button = document.createElement("button");
    button.textContent = words;
    home.append(button);
    return { words };
  };
  const buttons = () => [...container.querySelectorAll("button")].map(({ textContent }) => textContent);
  const press = (words: string) => {
    const found = [...container.querySelectorAll("button")].find((one) => one.textContent === words);
    found?.focus();
    found?.click();
  };

  it("says so where that fails, and what was wanted of it waits for another attempt", async () => {
    const load = vi.fn().mockRejectedValueOnce(new TypeError("gone")).mockResolvedValue(code);
    const panel = new LazyPanel<typeof code, { words: string }>(load, build);
    const wanted = vi.fn();
    panel.use(wanted);
    await panel.mount(container);
    expect(container.querySelector('[role="alert"]')?.textContent).toContain("could not be loaded");
    expect([panel.now, buttons()]).toEqual([null, ["Try again"]]);
    press("Try again");
    await vi.waitFor(() => expect(buttons()).toEqual(["inside"]));
    expect(wanted).toHaveBeenCalledExactlyOnceWith({ words: "inside" });
    expect(document.activeElement?.textContent).toBe("inside");
  });

  it("offers to load the page anew where it fails again, and goes on trying", async () => {
    const load = vi.fn().mockRejectedValue(new TypeError("gone"));
    const panel = new LazyPanel<typeof code, { words: string }>(load, build);
    await panel.mount(container);
    press("Try again");
    await vi.waitFor(() => expect(buttons()).toEqual(["Try again", "Reload the page"]));
    expect(document.activeElement?.textContent).toBe("Try again");
    load.mockResolvedValue(code);
    press("Try again");
    await vi.waitFor(() => expect(buttons()).toEqual(["inside"]));
  });

  it("is looked at once when it is there, however often its tab was opened before, and each time from then on", async () => {
    const load = vi.fn().mockRejectedValueOnce(new TypeError("gone")).mockResolvedValue(code);
    const look = vi.fn();
    const panel = new LazyPanel<typeof code, { words: string }>(load, build, look);
    const mounted = panel.mount(container);
    for (let opened = 0; opened < 3; opened++) panel.shown();
    await mounted;
    panel.shown();
    press("Try again");
    await vi.waitFor(() => expect(buttons()).toEqual(["inside"]));
    expect(look).toHaveBeenCalledExactlyOnceWith({ words: "inside" });
    panel.shown();
    expect(look).toHaveBeenCalledTimes(2);
  });
});
