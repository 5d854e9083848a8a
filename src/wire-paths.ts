import type { Table } from './table.js';

/** The property paths of names on the wire, also of names that no method has: a namespace may have another name there. */
export class WirePaths {
  /** By what begins the names of a namespace. */
  private readonly begins = new Map<string, string>();
  /** Of methods whose own names differ. */
  private readonly methods = new Map<string, string>();

  /** Takes up one table of the spec. */
  add({ path, wire, rows }: Table): void {
    if (wire !== path) this.begins.set(wire, path);
    for (const row of rows) if (row.wire !== row.path) this.methods.set(row.wire, row.path);
  }

  /** What begins so is there no more. */
  leave(wire: string): void {
    for (const names of [this.begins, this.methods])
      for (const name of [...names.keys()]) if (name.startsWith(wire)) names.delete(name);
  }

  /** The path that a method of this name has, or would have. */
  pathOf(method: string): string {
    const known = this.methods.get(method);
    if (known !== undefined) return known;
    for (let end = method.lastIndexOf('.'); end > 0; end = method.lastIndexOf('.', end - 1)) {
      const path = this.begins.get(method.slice(0, end + 1));
      if (path !== undefined) return path + method.slice(end + 1);
    }
    return method;
  }
}
