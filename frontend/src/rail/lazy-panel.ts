/** A panel whose code is loaded when it is first looked at. Where that fails, it says so and offers to try again. */
import { make, makeButton } from "../page/elements";

export class LazyPanel<Module, Mounted> {
  /** Null while its code is not there. */
  now: Mounted | null = null;
  private waiting: ((panel: Mounted) => void)[] = [];
  private failures = 0;

  /** `load` imports the code, `build` makes the panel of it, `look` is called with it each time it comes into view. */
  constructor(
    private readonly load: () => Promise<Module>,
    private readonly build: (module: Module, container: HTMLElement) => Mounted,
    private readonly look: (panel: Mounted) => void = () => {},
  ) {}

  /** It came into view. Before its code is there that is no matter: it is looked at once when it is. */
  shown(): void {
    if (this.now) this.look(this.now);
  }

  /** Do something with the panel now or once it is there, however often its code has to be asked for. */
  use(run: (panel: Mounted) => void): void {
    if (this.now) run(this.now);
    else this.waiting.push(run);
  }

  async mount(container: HTMLElement): Promise<void> {
    const module = await this.load().catch((failure: unknown) => this.offerAgain(container, failure));
    if (module) this.begin(module, container);
  }

  private begin(module: Module, container: HTMLElement): void {
    container.replaceChildren();
    const panel = this.build(module, container);
    this.now = panel;
    this.look(panel);
    for (const run of this.waiting.splice(0)) run(panel);
  }

  private offerAgain(container: HTMLElement, failure: unknown): null {
    this.failures += 1;
    const again = makeButton("Try again", () => this.tryAgain(container, failure));
    const actions = make("div", "card-actions", again);
    if (this.failures > 1) actions.append(makeButton("Reload the page", () => location.reload()));
    const words = make("p", "", this.failures > 1 ? STILL_NOT : NOT_LOADED);
    words.setAttribute("role", "alert");
    container.replaceChildren(make("div", "panel-failed", words, actions));
    return null;
  }

  private async tryAgain(container: HTMLElement, failure: unknown): Promise<void> {
    const hadFocus = container.contains(document.activeElement);
    for (const button of container.querySelectorAll("button")) button.disabled = true;
    const module = await this.load()
      .catch(() => importAnew<Module>(failure, this.failures))
      .catch((later: unknown) => this.offerAgain(container, later));
    if (module) this.begin(module, container);
    if (hadFocus && document.activeElement === document.body)
      (container.querySelector<HTMLElement>("button") ?? container).focus();
  }
}

const NOT_LOADED = "This panel could not be loaded. Your text is untouched.";
const STILL_NOT =
  "This panel still cannot be loaded. If the network is there, the page was probably renewed since you opened it: reload it once it says “Saved”.";

/**
 * Import under a new address what failed to come from the one that `failure` names: browsers older than 2026 remember that
 * it failed (https://github.com/whatwg/html/pull/10327). Throws where none is named, as in Safari, which does not remember.
 */
function importAnew<Module>(failure: unknown, attempt: number): Promise<Module> {
  const address = /https?:\/\/\S+?\.js/.exec(String(failure))?.[0];
  if (!address) return Promise.reject(failure);
  return import(/* @vite-ignore */ `${address}?again=${attempt}`);
}
