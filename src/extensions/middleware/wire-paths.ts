import type { MethodTable } from '../../spec/method-table.js';

/** The property path of a name on the wire, from the tables; a namespace may have another name on the wire than in the spec. */
export function pathOf(method: string, tables: readonly MethodTable[]): string {
  let nearest: MethodTable | undefined;
  for (const table of tables) {
    const found = table.methods.find(({ wire }) => wire === method);
    if (found !== undefined) return found.path;
    const { length } = nearest?.wire ?? '';
    if (table.wire.length > length && method.startsWith(table.wire)) nearest = table;
  }
  return nearest === undefined ? method : nearest.path + method.slice(nearest.wire.length);
}
