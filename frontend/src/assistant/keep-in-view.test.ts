import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ViewKeeper } from "./keep-in-view";

const scrollBy = vi.fn();
beforeEach(() => {
  scrollBy.mockClear();
  vi.stubGlobal("scrollBy", scrollBy);
  vi.stubGlobal("innerHeight", 800);
});
afterEach(() => vi.unstubAllGlobals());

function elementAt(top: number, bottom: number): HTMLElement {
  const element = document.createElement("span");
  element.getBoundingClientRect = () => new DOMRect(0, top, 10, bottom - top);
  return element;
}

it("scrolls no further than needed", () => {
  const keeper = new ViewKeeper();
  keeper.keep(elementAt(500, 600));
  expect(scrollBy).not.toHaveBeenCalled();
  keeper.keep(elementAt(500, 700));
  expect(scrollBy).toHaveBeenLastCalledWith(0, 30);
});

it("keeps the beginning in sight", () => {
  new ViewKeeper().keep(elementAt(200, 2000));
  expect(scrollBy).toHaveBeenLastCalledWith(0, 110);
});

it("goes up to what is above, and down to what is below", () => {
  const keeper = new ViewKeeper();
  keeper.show(elementAt(-500, -400));
  expect(scrollBy).toHaveBeenLastCalledWith(0, -590);
  window.dispatchEvent(new Event("wheel"));
  keeper.show(elementAt(900, 1000));
  expect(scrollBy).toHaveBeenLastCalledWith(0, 330);
});

it("leaves the view to a person who scrolls, until the next suggestion", () => {
  const keeper = new ViewKeeper();
  window.dispatchEvent(new Event("wheel"));
  keeper.keep(elementAt(500, 700));
  expect(scrollBy).not.toHaveBeenCalled();
  keeper.begin();
  keeper.keep(elementAt(500, 700));
  expect(scrollBy).toHaveBeenCalledOnce();
});
