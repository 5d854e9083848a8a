import { brand, mustBeOfThisCopy } from '../contract/copies.js';
import { UsageError } from '../contract/errors.js';
import type { CallOptions } from '../types/side.js';
import { over } from './call-options.js';
import { membersOf, type SpecConstructor } from './class-reader.js';
import { makeRow, type Row } from './method-descriptor.js';

export type { SpecConstructor } from './class-reader.js';
export { describeRow, type Row } from './method-descriptor.js';

/** The members of one class at one place of a spec. */
export interface Table {
  readonly spec: SpecConstructor;
  readonly mount: number;
  /** What the paths of its rows begin with: empty, or ending in a dot. */
  readonly path: string;
  /** The same of its names on the wire. */
  readonly wire: string;
  readonly rows: readonly Row[];
  /** The names, on the wire, of methods that have no mark: they are refused as such. */
  readonly unmarked: readonly string[];
  readonly children: ReadonlyMap<string, Table>;
}

/** What `namespace(Room)` puts into the field of a spec. */
export class NamespaceMark {
  constructor(
    readonly spec: SpecConstructor,
    readonly name: string | undefined,
    readonly defaults: CallOptions | undefined,
  ) {
    brand(this);
  }
}

const read = new WeakMap<SpecConstructor, Table>();

/**
 * Reads a class, once, with the classes of its namespaces. `root` is the prototype that every spec has. Throws a UsageError for
 * whatever could not work later.
 */
export function tableOf(spec: SpecConstructor, root: object): Table {
  const found = read.get(spec);
  if (found !== undefined) return found;
  const table = new Reader(root).read(spec, '', '', [], undefined);
  read.set(spec, table);
  return table;
}

/** Reads a class that stands below another spec: its paths, and its names on the wire, begin with these. Throws as `tableOf`. */
export function tableBelow(
  spec: SpecConstructor,
  root: object,
  path: string,
  wire: string,
  defaults: CallOptions | undefined,
): Table {
  return new Reader(root).read(spec, path, wire, [], defaults);
}

/** Every row of a table, with those of its namespaces. */
export function rowsOf(table: Table): Row[] {
  return [...table.rows, ...[...table.children.values()].flatMap(rowsOf)];
}

/** Reads one spec with all of its namespaces. */
class Reader {
  /** The paths by the names on the wire. */
  private readonly names = new Map<string, string>();
  private mounts = 0;

  constructor(private readonly root: object) {}

  /** `path` and `wire` are what paths and names begin with, `within` the classes around this one. */
  read(
    spec: SpecConstructor,
    path: string,
    wire: string,
    within: readonly SpecConstructor[],
    defaults: CallOptions | undefined,
  ): Table {
    if (within.includes(spec)) throw new UsageError(`${path.slice(0, -1)}: ${spec.name} holds itself as a namespace`);
    const mount = this.mounts++;
    const { methods, unmarked, fields } = membersOf(spec, this.root);
    const rows: Row[] = [];
    for (const { key, body, mark } of methods) {
      const at = `${spec.name}.${key}`;
      if (this.isTaken(key)) {
        throw new UsageError(
          `${at}: a side has the name "${key}" itself; call the method otherwise, and give it this one on the wire with name: '${key}'`,
        );
      }
      rows.push(this.note(makeRow({ at, key, body, mark, prototype: spec.prototype, path, wire, mount, defaults })));
    }
    const children = new Map<string, Table>();
    for (const [key, field] of Object.entries(fields)) {
      if (!(field instanceof NamespaceMark)) {
        mustBeOfThisCopy(`${spec.name}.${key}: the namespace`, field);
        continue;
      }
      if (this.isTaken(key)) {
        throw new UsageError(
          `${spec.name}.${key}: a side has the name "${key}" itself; give the namespace another one, and this one on the wire with { name: '${key}' }`,
        );
      }
      const inner = over(field.defaults, defaults);
      children.set(
        key,
        this.read(field.spec, `${path}${key}.`, `${wire}${field.name ?? key}.`, [...within, spec], inner),
      );
    }
    return { spec, mount, path, wire, rows, unmarked: unmarked.map((key) => `${wire}${key}`), children };
  }

  /** What every side and its views have, and `then`, which would make it a promise. */
  private isTaken(key: string): boolean {
    return key in this.root || key === 'then' || key === 'detailed';
  }

  private note(row: Row): Row {
    const other = this.names.get(row.wire);
    if (other !== undefined) {
      throw new UsageError(`${other} and ${row.path} have the same name on the wire, "${row.wire}"`);
    }
    this.names.set(row.wire, row.path);
    return row;
  }
}
