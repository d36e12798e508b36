import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { enhanceSearch, type LoadPage } from "./search";

describe("search", () => {
  const asked: {
    address: string;
    answer: (results: string) => void;
    fail: () => void;
    signal: AbortSignal;
  }[] = [];
  const load: LoadPage = (address, signal) =>
    new Promise((resolve, reject) => {
      const answer = (results: string) => {
        const page = document.implementation.createHTMLDocument();
        page.body.innerHTML = `<div data-results>${results}</div>`;
        resolve(page);
      };
      asked.push({ address, answer, fail: reject, signal });
    });

  const input = () => document.querySelector("input[name=q]") as HTMLInputElement;
  const results = () => document.querySelector("[data-results]") as HTMLElement;
  const type = (words: string) => {
    input().value = words;
    input().dispatchEvent(new Event("input"));
  };
  const pause = () => vi.advanceTimersByTimeAsync(150);

  beforeEach(() => {
    vi.useFakeTimers();
    asked.length = 0;
    document.body.innerHTML = `
      <form method="get" action="http://localhost:3000/documents/?page=2" data-search>
        <input type="hidden" name="tab" value="shared"><input name="q"></form>
      <div data-results>all</div>`;
    enhanceSearch(document, load);
  });
  afterEach(() => void vi.useRealTimers());

  it("asks once after a pause in typing, from the first page of the same tab", async () => {
    type("o");
    type("orch");
    await pause();
    expect(asked.map(({ address }) => address)).toEqual([
      "http://localhost:3000/documents/?tab=shared&q=orch",
    ]);
    expect(results().getAttribute("aria-busy")).toBe("true");
    asked[0]?.answer("<p>found</p>");
    await pause();
    expect(results().innerHTML).toBe("<p>found</p>");
    expect(results().hasAttribute("aria-busy")).toBe(false);
  });

  it("shows the answer to the last words, whatever order answers come in", async () => {
    type("a");
    await pause();
    type("ab");
    await pause();
    expect(asked[0]?.signal.aborted).toBe(true);
    asked[1]?.answer("second");
    asked[0]?.answer("first");
    await pause();
    expect(results().textContent).toBe("second");
  });

  it("does not ask again for what is shown", async () => {
    type("a");
    await pause();
    asked[0]?.answer("found");
    await pause();
    type("a ");
    await pause();
    expect(asked).toHaveLength(1);
  });

  it("loads the whole page when the answer cannot be had", async () => {
    const form = document.querySelector("form") as HTMLFormElement;
    form.submit = vi.fn();
    type("a");
    await pause();
    asked[0]?.fail();
    await pause();
    expect(form.submit).toHaveBeenCalledOnce();
  });
});
