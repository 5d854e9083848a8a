/** Whoever waits for its turn: its neighbours in the line. */
export interface InLine<T> {
  before: T | undefined;
  after: T | undefined;
}

/** A line of those who wait. Whoever stands in it can leave it, wherever that is, at no more cost than the first. */
export class RoundRobin<T extends InLine<T>> {
  length = 0;
  private first: T | undefined;
  private last: T | undefined;

  /** Puts one at the end; one who stands in a line already must not be put. */
  push(one: T): void {
    one.before = this.last;
    one.after = undefined;
    if (this.last === undefined) this.first = one;
    else this.last.after = one;
    this.last = one;
    this.length++;
  }

  /** Takes the first; undefined if nobody waits. */
  shift(): T | undefined {
    const { first } = this;
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Takes one out who stands in it. */
  remove(one: T): void {
    const { before, after } = one;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.last = before;
    else after.before = before;
    one.before = one.after = undefined;
    this.length--;
  }
}
