/** An entry of the queue: its neighbours. */
export interface QueueNode<T> {
  previous: T | undefined;
  next: T | undefined;
}

/** A linked queue. An entry can be removed from any place at the same cost. */
export class RoundRobin<T extends QueueNode<T>> {
  length = 0;
  private first: T | undefined;
  private last: T | undefined;

  /** Appends an entry, which must not be in a queue already. */
  push(one: T): void {
    one.previous = this.last;
    one.next = undefined;
    if (this.last === undefined) this.first = one;
    else this.last.next = one;
    this.last = one;
    this.length++;
  }

  /** Removes and returns the first entry; undefined if the queue is empty. */
  shift(): T | undefined {
    const { first } = this;
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Removes an entry, which must be in this queue. */
  remove(one: T): void {
    const { previous, next } = one;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
    one.previous = one.next = undefined;
    this.length--;
  }
}
