/** The part of a long list that is drawn: some of it at first, more when asked for, elsewhere when something there is. */
const AT_ONCE = 50;

export class Stretch {
  private first = 0;
  private last: number;

  constructor(private readonly atOnce = AT_ONCE) {
    this.last = atOnce;
  }

  reset(): void {
    this.first = 0;
    this.last = this.atOnce;
  }

  /** What is drawn of a list of `count`: from `first`, before `last`. */
  within(count: number): { first: number; last: number } {
    if (this.first >= count) this.reset();
    return { first: this.first, last: Math.min(this.last, count) };
  }

  grow(direction: -1 | 1): void {
    if (direction < 0) this.first = Math.max(0, this.first - this.atOnce);
    else this.last += this.atOnce;
  }

  /** Have the item at `index` in it; say whether it moved for that. */
  hold(index: number): boolean {
    if (index < 0 || (index >= this.first && index < this.last)) return false;
    this.first = Math.max(0, index - Math.floor(this.atOnce / 2));
    this.last = this.first + this.atOnce;
    return true;
  }
}
