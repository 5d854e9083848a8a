/** A part of the library that is not loaded before something needs it: a page that does not use it does not load it. */
export class Room<T> {
  /** Undefined as long as it is not loaded. */
  here: T | undefined;
  private coming: Promise<T> | undefined;

  constructor(private readonly load: () => Promise<T>) {}

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
