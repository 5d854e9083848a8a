/** What is noted of a message, besides its number. */
export const HEADERS = 1;
export const NOTIFICATION = 2;
const KINDS = 4;
/** From so many runs on, those that are not needed any more are dropped. */
const LEAST_TRIM = 128;

/** What some messages of a session are, by their numbers. Messages that follow each other and are alike are noted together, as a run. */
export class NotedMessages {
  /** Of each run, in ascending order: `KINDS` times the number of its first message, plus what its messages are; and its last message. */
  private runs: number[] = [];
  /** The last run, which is not in the list yet: what its messages are, its first message, and the one behind its last. */
  private kind = 0;
  private start = 0;
  private next = 0;
  private trimAt = 2 * LEAST_TRIM;

  /**
   * The message with this number, or the last one that was noted, is of this kind besides what it was. Numbers ascend. Returns whether it is
   * time to `forget` some.
   */
  add(place: number, kind: number): boolean {
    // Every notification of a flood comes here.
    if (place === this.next && kind === this.kind) {
      this.next = place + 1;
      return false;
    }
    if (place < this.next) this.addToLast(kind);
    else this.begin(place, kind);
    return this.runs.length >= this.trimAt;
  }

  /** A run begins: the one before it goes to the list. */
  private begin(place: number, kind: number): void {
    if (this.next > this.start) this.runs.push(this.start * KINDS + this.kind, this.next - 1);
    this.kind = kind;
    this.start = place;
    this.next = place + 1;
  }

  /** The last message of the last run is of one more kind. */
  private addToLast(kind: number): void {
    const last = this.next - 1;
    const kinds = this.kind | kind;
    if (this.start < last) {
      this.next = last;
      this.begin(last, kinds);
    }
    this.kind = kinds;
  }

  /** The messages up to this number are not needed any more. */
  forget(least: number): void {
    let first = 0;
    while (first < this.runs.length && (this.runs[first + 1] as number) <= least) first += 2;
    this.runs = this.runs.slice(first);
    this.trimAt = Math.max(2 * LEAST_TRIM, 2 * this.runs.length);
  }

  /** What is noted of a message: the sum of its kinds. */
  kindOf(place: number): number {
    const { runs } = this;
    if (place >= this.start) return place < this.next ? this.kind : 0;
    let low = 0;
    let high = runs.length / 2;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((runs[2 * middle + 1] as number) < place) low = middle + 1;
      else high = middle;
    }
    const head = runs[2 * low];
    return head !== undefined && head < (place + 1) * KINDS ? head % KINDS : 0;
  }

  /** Some messages are not sent, and those behind them have lower numbers now: `before` returns how many of the former are before a number. */
  moveUp(before: (place: number) => number): void {
    const runs = [...this.runs, this.start * KINDS + this.kind, this.next - 1];
    this.runs = [];
    this.start = this.next = 0;
    for (let at = 0; at < runs.length; at += 2) {
      const head = runs[at] as number;
      const last = runs[at + 1] as number;
      const first = Math.floor(head / KINDS);
      const end = last - before(last + 1);
      const start = first - before(first);
      if (end < start) continue;
      this.begin(start, head % KINDS);
      this.next = end + 1;
    }
  }
}
