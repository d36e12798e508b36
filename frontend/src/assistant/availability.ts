/**
 * Which actions this person cannot ask for at present, and why: their tier does not have them, or they are switched off.
 *
 * What asks for one is greyed and says the reason. The server refuses what is asked for all the same.
 */
import { notify } from "../editor/announce";
import type { Unavailable } from "./messages";

export class Availability {
  private reasons = new Map<string, string>();
  private readonly listeners = new Set<() => void>();

  /** Why `action` cannot be asked for; empty where it can. */
  why(action: string): string {
    return this.reasons.get(action) ?? "";
  }

  /** Hear of every change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Grey `button` while `action` cannot be asked for; whoever presses it then is told why. */
  mark(button: HTMLElement, action: string): void {
    button.dataset.needs = action;
    button.dataset.title = button.title;
    const refuse = (event: Event) => {
      const reason = this.why(action);
      if (!reason) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      notify(reason);
    };
    button.addEventListener("click", refuse, { capture: true });
    this.grey(button);
  }

  take(unavailable: readonly Unavailable[]): void {
    const now = new Map(unavailable.map(({ action, reason }) => [action, reason]));
    if (now.size === this.reasons.size && [...now].every(([action, why]) => this.why(action) === why)) return;
    this.reasons = now;
    for (const button of document.querySelectorAll<HTMLElement>("[data-needs]")) this.grey(button);
    for (const listener of this.listeners) listener();
  }

  private grey(button: HTMLElement): void {
    const reason = this.why(button.dataset.needs ?? "");
    const title = reason || button.dataset.title;
    if (title) button.title = title;
    else button.removeAttribute("title");
    if (reason) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
}
