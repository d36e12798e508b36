import { beforeEach, describe, expect, it } from "vitest";
import { enhanceRename } from "./rename";

describe("rename", () => {
  beforeEach(() => {
    document.body.innerHTML = `
      <details open><summary>Actions</summary>
        <a href="http://localhost/documents/1/rename/" data-rename="Old title"><span>Rename</span></a></details>
      <dialog id="rename-dialog"><form method="post" data-rename-form>
        <input name="title"><button type="button" data-close-dialog>Cancel</button></form></dialog>`;
    enhanceRename(document);
  });

  const dialog = () => document.querySelector("dialog") as HTMLDialogElement;
  const click = (init: MouseEventInit = {}) => {
    const event = new MouseEvent("click", { bubbles: true, cancelable: true, ...init });
    document.querySelector("span")?.dispatchEvent(event);
    return event;
  };

  it("asks in a dialog, with the title as it is", () => {
    expect(click().defaultPrevented).toBe(true);
    expect(dialog().open).toBe(true);
    expect(document.querySelector("input")?.value).toBe("Old title");
    expect(document.querySelector("form")?.action).toBe("http://localhost/documents/1/rename/");
    expect(document.querySelector("details")?.open).toBe(false);
  });

  it("leaves the link alone when it is opened in another tab", () => {
    expect(click({ ctrlKey: true }).defaultPrevented).toBe(false);
    expect(dialog().open).toBe(false);
  });

  it("closes on cancel", () => {
    click();
    document.querySelector<HTMLButtonElement>("[data-close-dialog]")?.click();
    expect(dialog().open).toBe(false);
  });
});
