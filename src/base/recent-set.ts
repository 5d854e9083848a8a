/**
 * A set, in the order in which its items were added, for items that are often gone before the next one comes: such an item costs no more
 * than a field. In a `Set`, each would take a place in a table, which is made anew when its places are used up.
 */
export class RecentSet<T> {
  private readonly earlier = new Set<T>();
  private latest: T | undefined;

  get size(): number {
    return this.earlier.size + (this.latest === undefined ? 0 : 1);
  }

  /** All items. */
  get all(): ReadonlySet<T> {
    if (this.latest !== undefined) this.earlier.add(this.latest);
    this.latest = undefined;
    return this.earlier;
  }

  /** Adds an item that is not in it. */
  add(item: T): void {
    if (this.latest !== undefined) this.earlier.add(this.latest);
    this.latest = item;
  }

  /** Removes an item. Returns whether it was in it. */
  delete(item: T): boolean {
    if (this.latest !== item) return this.earlier.delete(item);
    this.latest = undefined;
    return true;
  }
}
