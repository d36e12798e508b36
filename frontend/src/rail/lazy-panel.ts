/** A panel whose code is loaded when it is first looked at. Where that fails, it says so and offers to try again. */
import { OnDemand } from "../editor/on-demand";
import { reloadPage } from "../editor/reload";
import { make, makeButton } from "../page/elements";

export class LazyPanel<Module, Mounted> {
  /** Null while its code is not there. */
  now: Mounted | null = null;
  private waiting: ((panel: Mounted) => void)[] = [];
  private readonly code: OnDemand<Module>;

  /** `load` imports the code, `build` makes the panel of it, `look` is called with it each time it comes into view. */
  constructor(
    load: () => Promise<Module>,
    private readonly build: (module: Module, container: HTMLElement) => Mounted,
    private readonly look: (panel: Mounted) => void = () => {},
  ) {
    this.code = new OnDemand("This panel", load);
  }

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
    const module = await this.code.attempt().catch(() => this.offerAgain(container));
    if (module) this.begin(module, container);
  }

  private begin(module: Module, container: HTMLElement): void {
    container.replaceChildren();
    const panel = this.build(module, container);
    this.now = panel;
    this.look(panel);
    for (const run of this.waiting.splice(0)) run(panel);
  }

  private offerAgain(container: HTMLElement): null {
    const actions = make(
      "div",
      "card-actions",
      makeButton("Try again", () => this.tryAgain(container)),
    );
    if (this.code.isStubborn) actions.append(makeButton("Reload the page", reloadPage));
    const words = make("p", "", this.code.sentence);
    words.setAttribute("role", "alert");
    container.replaceChildren(make("div", "panel-failed", words, actions));
    return null;
  }

  private async tryAgain(container: HTMLElement): Promise<void> {
    const hadFocus = container.contains(document.activeElement);
    for (const button of container.querySelectorAll("button")) button.disabled = true;
    await this.mount(container);
    if (hadFocus && document.activeElement === document.body)
      (container.querySelector<HTMLElement>("button") ?? container).focus();
  }
}
