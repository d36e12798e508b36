import { beforeEach, describe, expect, it } from "vitest";
import { Rail } from "./rail";

function makeRail() {
  document.body.className = "";
  document.body.innerHTML =
    '<div id="text" tabindex="-1"></div><button id="toggle" hidden></button><aside id="rail" hidden></aside>';
  const find = (id: string) => document.getElementById(id) as HTMLElement;
  const rail = new Rail({ aside: find("rail"), toggle: find("toggle"), leave: () => find("text").focus() });
  return { rail, aside: find("rail"), toggle: find("toggle"), text: find("text") };
}

const panel = (id: string, mounted: string[] = []) => ({
  id,
  label: id,
  icon: "list",
  mount: (body: HTMLElement) => {
    mounted.push(id);
    body.append(`inside ${id}`);
  },
});
const key = (target: EventTarget, name: string, more: KeyboardEventInit = {}) =>
  target.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...more }));

describe("the rail", () => {
  beforeEach(() => localStorage.clear());

  it("is closed, and without a panel there is nothing to open", () => {
    const { rail, toggle } = makeRail();
    expect(toggle.hidden).toBe(true);
    rail.addPanel(panel("chat"));
    expect(toggle.hidden).toBe(false);
    expect(rail.isOpen).toBe(false);
  });

  it("mounts a panel when it is first looked at, once", () => {
    const { rail, toggle } = makeRail();
    const mounted: string[] = [];
    rail.addPanel(panel("suggestions", mounted));
    rail.addPanel(panel("chat", mounted));
    expect(mounted).toEqual([]);
    toggle.click();
    rail.open("chat");
    rail.open("suggestions");
    expect(mounted).toEqual(["suggestions", "chat"]);
  });

  it("opens by key with the focus in it, and Escape gives it back to the text", () => {
    const { rail, aside, text } = makeRail();
    rail.addPanel(panel("chat"));
    key(document, "\\", { ctrlKey: true });
    expect(rail.shown).toBe("chat");
    expect(aside.contains(document.activeElement)).toBe(true);
    key(document.activeElement as Element, "Escape");
    expect(document.activeElement).toBe(text);
    expect(rail.isOpen).toBe(true);
    key(document, "\\", { ctrlKey: true });
    expect(rail.isOpen).toBe(false);
  });

  it("moves between tabs with the arrows", () => {
    const { rail } = makeRail();
    rail.addPanel(panel("suggestions"));
    rail.addPanel(panel("chat"));
    rail.open("suggestions");
    key(document.activeElement as Element, "ArrowLeft");
    expect(rail.shown).toBe("chat");
    const tabs = [...document.querySelectorAll('[role="tab"]')];
    expect(tabs.map((tab) => tab.getAttribute("aria-selected"))).toEqual(["false", "true"]);
    expect(tabs.map((tab) => (tab as HTMLElement).tabIndex)).toEqual([-1, 0]);
  });

  it("is as it was left after a reload", () => {
    const before = makeRail();
    before.rail.addPanel(panel("suggestions"));
    before.rail.addPanel(panel("chat"));
    before.rail.open("chat");
    const { rail } = makeRail();
    rail.addPanel(panel("suggestions"));
    expect(rail.isOpen).toBe(false);
    rail.addPanel(panel("chat"));
    expect(rail.shown).toBe("chat");
  });

  it("says on the tab how much waits", () => {
    const { rail } = makeRail();
    const handle = rail.addPanel(panel("suggestions"));
    handle.count(3);
    const tab = document.querySelector('[role="tab"]');
    expect(tab?.getAttribute("aria-label")).toBe("suggestions, 3 open");
    handle.count(0);
    expect(tab?.getAttribute("aria-label")).toBe("suggestions");
  });
});
