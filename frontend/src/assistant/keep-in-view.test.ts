import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ViewKeeper } from "./keep-in-view";

const LINE = 32; // between the suggestion and what lies over the text
const scrollBy = vi.fn();
let resized: () => void;
beforeEach(() => {
  document.body.innerHTML = "";
  scrollBy.mockClear();
  vi.stubGlobal("scrollBy", scrollBy);
  vi.stubGlobal("innerHeight", 800);
  vi.stubGlobal("visualViewport", null);
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(run: () => void) {
        resized = run;
      }
      observe() {}
      disconnect() {}
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

function elementAt(top: number, bottom: number, kind = "ghost", left = 0): HTMLElement {
  const element = document.createElement("div");
  element.className = kind;
  element.getBoundingClientRect = () => new DOMRect(left, top, 10, bottom - top);
  document.body.append(element);
  return element;
}

it("scrolls no further than needed", () => {
  const keeper = new ViewKeeper();
  keeper.keep(elementAt(500, 700));
  expect(scrollBy).not.toHaveBeenCalled();
  keeper.keep(elementAt(500, 790));
  expect(scrollBy).toHaveBeenLastCalledWith(0, 790 - 800 + LINE);
});

it("keeps the end above whatever lies over it", () => {
  const keeper = new ViewKeeper();
  const ghost = elementAt(300, 700);
  elementAt(760, 800, "editor-bottom");
  elementAt(640, 740, "suggestion-bar");
  keeper.keep(ghost);
  expect(scrollBy).toHaveBeenLastCalledWith(0, 700 - 640 + LINE);
  elementAt(560, 630, "toast");
  keeper.keep(ghost);
  expect(scrollBy).toHaveBeenLastCalledWith(0, 700 - 560 + LINE);
});

it("minds nothing that is beside it or is not shown", () => {
  elementAt(100, 800, "rail", 500);
  elementAt(0, 0, "suggestion-bar");
  new ViewKeeper().keep(elementAt(300, 700));
  expect(scrollBy).not.toHaveBeenCalled();
});

it("keeps the end above the keyboard on the screen", () => {
  const seen = Object.assign(new EventTarget(), { scale: 1, offsetTop: 0, height: 800 });
  vi.stubGlobal("visualViewport", seen);
  const keeper = new ViewKeeper();
  keeper.keep(elementAt(300, 700));
  expect(scrollBy).not.toHaveBeenCalled();
  seen.height = 500;
  seen.dispatchEvent(new Event("resize"));
  expect(scrollBy).toHaveBeenLastCalledWith(0, 700 - 500 + LINE);
});

it("keeps the beginning in sight, below the top line", () => {
  elementAt(0, 60, "editor-head");
  new ViewKeeper().keep(elementAt(200, 2000));
  expect(scrollBy).toHaveBeenLastCalledWith(0, 200 - 60 - LINE);
});

it("goes up to what is above, and down to what is below", () => {
  const keeper = new ViewKeeper();
  keeper.show(elementAt(-500, -400));
  expect(scrollBy).toHaveBeenLastCalledWith(0, -500 - LINE);
  window.dispatchEvent(new Event("wheel"));
  keeper.show(elementAt(900, 1000));
  expect(scrollBy).toHaveBeenLastCalledWith(0, 1000 - 800 + LINE);
});

it("looks again when what lies over it has another size, unless somebody is elsewhere by then or it is gone", () => {
  const keeper = new ViewKeeper();
  keeper.begin();
  const ghost = elementAt(300, 700);
  keeper.keep(ghost);
  const notice = elementAt(600, 700, "toast");
  resized();
  expect(scrollBy).toHaveBeenLastCalledWith(0, 700 - 600 + LINE);
  scrollBy.mockClear();
  vi.stubGlobal("scrollY", 900);
  resized();
  expect(scrollBy).not.toHaveBeenCalled();
  vi.stubGlobal("scrollY", 0);
  ghost.remove();
  resized();
  expect(notice.isConnected).toBe(true);
  expect(scrollBy).not.toHaveBeenCalled();
});

it("leaves the view to a person who scrolls, until the next suggestion", () => {
  const keeper = new ViewKeeper();
  window.dispatchEvent(new Event("wheel"));
  keeper.keep(elementAt(500, 790));
  expect(scrollBy).not.toHaveBeenCalled();
  keeper.begin();
  keeper.keep(elementAt(500, 790));
  expect(scrollBy).toHaveBeenCalledOnce();
});
