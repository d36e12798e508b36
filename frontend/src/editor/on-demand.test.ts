import { beforeEach, describe, expect, it, vi } from "vitest";
import { OnDemand } from "./on-demand";
import { reloadPage } from "./reload";

const code = { open: () => "opened" };
const gone = new TypeError("gone");

describe("code that is loaded when it is wanted", () => {
  beforeEach(() => {
    document.body.innerHTML = '<button id="opener">Help</button><div id="toasts"></div>';
    document.getElementById("opener")?.focus();
  });

  const notices = () => [...document.querySelectorAll(".toast p")].map(({ textContent }) => textContent);
  const buttons = () => [...document.querySelectorAll<HTMLElement>(".toast button:not(.button-icon)")];
  const press = (words: string) => {
    const found = buttons().find(({ textContent }) => textContent === words);
    found?.focus();
    found?.click();
  };

  it("says so where that fails, and is there after another try, with the focus back where it was", async () => {
    const load = vi.fn().mockRejectedValueOnce(gone).mockResolvedValue(code);
    const wanted = new OnDemand<typeof code>("The list of keys", load).wanted();
    await vi.waitFor(() =>
      expect(notices()).toEqual(["The list of keys could not be loaded. Your text is untouched."]),
    );
    expect(buttons().map(({ textContent }) => textContent)).toEqual(["Try again"]);
    press("Try again");
    expect((await wanted).open()).toBe("opened");
    expect([notices(), document.activeElement?.id]).toEqual([[], "opener"]);
  });

  it("offers to load the page anew where it fails again, with one notice and the focus in it", async () => {
    const load = vi.fn().mockRejectedValue(gone);
    const wanted = new OnDemand<typeof code>("The list of keys", load).wanted();
    await vi.waitFor(() => expect(buttons()).toHaveLength(1));
    for (let tries = 0; tries < 2; tries++) {
      press("Try again");
      await vi.waitFor(() =>
        expect(buttons().map(({ textContent }) => textContent)).toEqual(["Try again", "Reload the page"]),
      );
      expect(document.activeElement?.textContent).toBe("Try again");
      expect(notices()).toHaveLength(1);
    }
    load.mockResolvedValue(code);
    press("Try again");
    expect((await wanted).open()).toBe("opened");
  });

  it("opens once for who asked several times, and is not loaded again after that", async () => {
    const load = vi.fn().mockRejectedValueOnce(gone).mockRejectedValueOnce(gone).mockResolvedValue(code);
    const keys = new OnDemand<typeof code>("The list of keys", load);
    const opened = vi.fn();
    for (let asked = 0; asked < 2; asked++) {
      keys.wanted().then(opened);
      await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(asked + 1));
      await vi.waitFor(() => expect(notices()).toHaveLength(1));
    }
    press("Try again");
    await vi.waitFor(() => expect(opened).toHaveBeenCalledOnce());
    expect(await keys.wanted()).toBe(code);
    expect(load).toHaveBeenCalledTimes(3);
  });

  it("fails without a word where it is only tried", async () => {
    const keys = new OnDemand<typeof code>("The list of keys", () => Promise.reject(gone));
    await expect(keys.attempt()).rejects.toBe(gone);
    expect(notices()).toEqual([]);
  });
});

describe("loading the page anew", () => {
  const reload = vi.fn();
  beforeEach(() => {
    reload.mockClear();
    vi.stubGlobal("location", { reload });
  });

  /** Whether the browser would ask before it leaves. */
  function asksFirst(markup: string, words: string): boolean {
    document.body.innerHTML = markup;
    const field = document.body.querySelector<HTMLTextAreaElement>("[name=words]");
    if (!field) throw new Error("no field");
    field.value = words;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    reloadPage();
    expect(reload).toHaveBeenCalled();
    return !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  }

  it("asks where a form holds words that nobody keeps, and not elsewhere", () => {
    expect(asksFirst('<textarea name="words"></textarea>', "a note about the weir")).toBe(true);
    expect(asksFirst('<textarea name="words"></textarea>', " ")).toBe(false);
    expect(asksFirst('<textarea name="words" data-kept></textarea>', "a draft")).toBe(false);
    expect(asksFirst('<input name="words" type="search">', "heron")).toBe(false);
  });
});
