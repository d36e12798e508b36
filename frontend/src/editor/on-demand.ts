/** Code that is loaded when it is first wanted. Where that fails, a notice says so and offers to try again, then to reload. */
import { showNotice } from "./announce";
import { reloadPage } from "./reload";

export class OnDemand<Module> {
  private failures = 0;
  private there: Module | null = null;
  private notice: HTMLElement | null = null;

  /** `what`: the beginning of the sentence about it, such as "The list of keys". `load` imports it. */
  constructor(
    private readonly what: string,
    private readonly load: () => Promise<Module>,
  ) {}

  /** Import it without a word. Rejects where that fails. */
  async attempt(): Promise<Module> {
    this.there ??= await this.load().catch((failure: unknown) => this.attemptAnew(failure));
    return this.there;
  }

  /** Return it once it is there, however often somebody has it tried again; never where nobody does. */
  async wanted(): Promise<Module> {
    this.notice?.remove();
    return this.attempt().catch(() => this.offerAgain(document.activeElement));
  }

  /** Whether another attempt failed too: time to offer a reload. */
  get isStubborn(): boolean {
    return this.failures > 1;
  }

  /** That it could not be loaded, in words. */
  get sentence(): string {
    return this.isStubborn
      ? `${this.what} still could not be loaded. If the network is there, the page was probably renewed since you opened it: reload it once it says “Saved”.`
      : `${this.what} could not be loaded. Your text is untouched.`;
  }

  private attemptAnew(failure: unknown): Promise<Module> {
    this.failures += 1;
    return this.isStubborn ? importAnew(failure, this.failures) : Promise.reject(failure);
  }

  /** `home`: where the focus was before all this; a dialog gives it back to there. */
  private offerAgain(home: Element | null): Promise<Module> {
    return new Promise((resolve) => {
      const again = async () => {
        const module = await this.attempt().catch(() => null);
        if (home instanceof HTMLElement && module) home.focus({ preventScroll: true });
        resolve(module ?? this.offerAgain(home));
        if (!module) this.notice?.querySelector("button")?.focus({ preventScroll: true });
      };
      this.notice = showNotice(this.sentence, {
        action: { label: "Try again", run: again },
        ...(this.isStubborn ? { other: { label: "Reload the page", run: reloadPage } } : {}),
        stays: true,
      });
    });
  }
}

/**
 * Import under a new address what failed to come from the one that `failure` names: browsers older than 2026 remember that
 * it failed (https://github.com/whatwg/html/pull/10327). Rejects where none is named, as in Safari, which does not remember.
 */
function importAnew<Module>(failure: unknown, attempt: number): Promise<Module> {
  const address = /https?:\/\/\S+?\.js/.exec(String(failure))?.[0];
  if (!address) return Promise.reject(failure);
  return import(/* @vite-ignore */ `${address}?again=${attempt}`);
}
