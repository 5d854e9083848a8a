import { UsageError } from '../contract/errors.js';

/** A part of the library that is not loaded before something needs it: a page that does not use it does not load it. */
export class Room<T> {
  /** Undefined as long as it is not loaded. */
  here: T | undefined;
  private coming: Promise<T> | undefined;

  constructor(private readonly load: () => Promise<T>) {}

  /** What is there, for those who only get to it where it is. */
  get there(): T {
    return this.here as T;
  }

  /** It is there already. */
  furnish(room: T): void {
    this.here = room;
    this.coming = Promise.resolve(room);
  }

  /** Loads it, once. Rejects if it cannot be loaded; the next one who needs it tries again. */
  enter(): Promise<T> {
    this.coming ??= this.load().then(
      (room) => {
        this.here = room;
        return room;
      },
      (error: unknown) => {
        this.coming = undefined;
        throw error;
      },
    );
    return this.coming;
  }
}

/** One that is needed at once, and cannot be waited for: a page imports it by name. */
export class NamedRoom<T> extends Room<T> {
  /** `entry` is what a page imports. */
  constructor(
    load: () => Promise<T>,
    private readonly entry: string,
  ) {
    super(load);
  }

  /** What is there. Throws a UsageError if it is not: `what` needs it. */
  must(what: string): T {
    if (this.here !== undefined) return this.here;
    throw new UsageError(
      `${what}: a page, and each of its workers, imports '${this.entry}' for this, beside 'obverse'`,
    );
  }
}
