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
  private trimAt = 2 * LEAST_TRIM;

  /** The message with this number, or the last one that was noted, is of this kind besides what it was. Numbers ascend. */
  add(place: number, kind: number): void {
    const { runs } = this;
    const end = runs.length - 1;
    if (end > 0) {
      const last = runs[end] as number;
      const head = runs[end - 1] as number;
      if (place <= last) {
        this.addTo(last, head, kind);
        return;
      }
      if (place === last + 1 && head % KINDS === kind) {
        runs[end] = place;
        return;
      }
    }
    runs.push(place * KINDS + kind, place);
  }

  /** The last message of the last run, which begins with `head`, is of one more kind. */
  private addTo(last: number, head: number, kind: number): void {
    const { runs } = this;
    const kinds = (head % KINDS) | kind;
    const at = last * KINDS;
    if (head >= at) runs[runs.length - 2] = at + kinds;
    else {
      runs[runs.length - 1] = last - 1;
      runs.push(at + kinds, last);
    }
  }

  /** Whether it is time to forget some. */
  get isLong(): boolean {
    return this.runs.length >= this.trimAt;
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
    const { runs } = this;
    this.runs = [];
    for (let at = 0; at < runs.length; at += 2) {
      const head = runs[at] as number;
      const first = Math.floor(head / KINDS);
      const last = runs[at + 1] as number;
      const end = last - before(last + 1);
      const start = first - before(first);
      if (end >= start) this.runs.push(start * KINDS + (head % KINDS), end);
    }
  }
}
