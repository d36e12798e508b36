/** Scrolls with one's own suggestion while it grows past the bottom, until the person scrolls themselves. */

/** Room for the suggestion's bar and the bottom line, and for the top line. */
const BOTTOM_PX = 130;
const TOP_PX = 90;

export class ViewKeeper {
  private handedOver = false;

  constructor() {
    const handOver = () => {
      this.handedOver = true;
    };
    for (const kind of ["wheel", "touchmove"]) window.addEventListener(kind, handOver, { passive: true });
  }

  /** A new suggestion: look after it. */
  begin(): void {
    this.handedOver = false;
  }

  /** Bring it into view from wherever it is, its beginning before its end, and look after it. */
  show(element: HTMLElement): void {
    this.begin();
    const { top } = element.getBoundingClientRect();
    if (top < TOP_PX) window.scrollBy(0, top - TOP_PX);
    else this.keep(element);
  }

  /** Bring its end into view, as far as its beginning stays there. */
  keep(element: HTMLElement): void {
    if (this.handedOver) return;
    const { top, bottom } = element.getBoundingClientRect();
    const wanted = Math.min(bottom - (window.innerHeight - BOTTOM_PX), top - TOP_PX);
    if (wanted > 0) window.scrollBy(0, wanted);
  }
}
