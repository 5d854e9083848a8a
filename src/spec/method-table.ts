import { brand, mustBeOfThisCopy } from '../contract/copies.js';
import { UsageError } from '../contract/errors.js';
import type { CallOptions } from '../types/call-options.js';
import { mergeCallOptions } from './call-options.js';
import { readClass, type SpecConstructor } from './class-reader.js';
import { describeMethod, type MethodDescriptor } from './method-descriptor.js';

export type { SpecConstructor } from './class-reader.js';
export { type MethodDescriptor, type MethodKind, methodDescription } from './method-descriptor.js';

/** The members of one class at one place of a spec. */
export interface MethodTable {
  readonly spec: SpecConstructor;
  readonly index: number;
  /** The beginning of the paths of its methods: empty, or ending in a dot. */
  readonly path: string;
  /** The same for its names on the wire. */
  readonly wire: string;
  readonly methods: readonly MethodDescriptor[];
  /** The names, on the wire, of methods without a decorator: they are refused as such. */
  readonly undecorated: readonly string[];
  readonly children: ReadonlyMap<string, MethodTable>;
}

/** The value that `namespace(Room)` puts into the field of a spec. */
export class NamespaceMark {
  constructor(
    readonly spec: SpecConstructor,
    readonly name: string | undefined,
    readonly defaults: CallOptions | undefined,
  ) {
    brand(this);
  }
}

const read = new WeakMap<SpecConstructor, MethodTable>();

/**
 * Reads a class, once, with the classes of its namespaces. `root` is the prototype that every spec has. Throws a
 * UsageError for anything that could not work later.
 */
export function methodTableOf(spec: SpecConstructor, root: object): MethodTable {
  const found = read.get(spec);
  if (found !== undefined) return found;
  const table = new TableReader(root).read(spec, '', '', [], undefined);
  read.set(spec, table);
  return table;
}

/**
 * Reads a class that belongs below another spec: its paths, and its names on the wire, begin with these. Throws as
 * `methodTableOf`.
 */
export function methodTableBelow(
  spec: SpecConstructor,
  root: object,
  path: string,
  wire: string,
  defaults: CallOptions | undefined,
): MethodTable {
  return new TableReader(root).read(spec, path, wire, [], defaults);
}

/** Every method of a table, with those of its namespaces. */
export function methodsOf(table: MethodTable): MethodDescriptor[] {
  return [...table.methods, ...[...table.children.values()].flatMap(methodsOf)];
}

/** Reads one spec with all of its namespaces. */
class TableReader {
  /** The paths by the names on the wire. */
  private readonly names = new Map<string, string>();
  private tables = 0;

  constructor(private readonly root: object) {}

  /** `path` and `wire` are the beginnings of paths and names, `within` the enclosing classes. */
  read(
    spec: SpecConstructor,
    path: string,
    wire: string,
    within: readonly SpecConstructor[],
    defaults: CallOptions | undefined,
  ): MethodTable {
    if (within.includes(spec))
      throw new UsageError(`${path.slice(0, -1)}: ${spec.name} contains itself as a namespace`);
    const index = this.tables++;
    const { methods, undecorated, fields } = readClass(spec, this.root);
    const described: MethodDescriptor[] = [];
    for (const { key, body, declaration } of methods) {
      const at = `${spec.name}.${key}`;
      if (this.isTaken(key)) {
        throw new UsageError(
          `${at}: every side has a member "${key}"; rename the method, and keep this name on the wire with name: '${key}'`,
        );
      }
      described.push(
        this.note(
          describeMethod({ at, key, body, declaration, prototype: spec.prototype, path, wire, index, defaults }),
        ),
      );
    }
    const children = new Map<string, MethodTable>();
    for (const [key, field] of Object.entries(fields)) {
      if (!(field instanceof NamespaceMark)) {
        mustBeOfThisCopy(`${spec.name}.${key}: the namespace`, field);
        continue;
      }
      if (this.isTaken(key)) {
        throw new UsageError(
          `${spec.name}.${key}: every side has a member "${key}"; rename the namespace, and keep this name on the wire with { name: '${key}' }`,
        );
      }
      const inner = mergeCallOptions(field.defaults, defaults);
      children.set(
        key,
        this.read(field.spec, `${path}${key}.`, `${wire}${field.name ?? key}.`, [...within, spec], inner),
      );
    }
    return {
      spec,
      index,
      path,
      wire,
      methods: described,
      undecorated: undecorated.map((key) => `${wire}${key}`),
      children,
    };
  }

  /** The names that every side and its views have, and `then`, which would make it a promise. */
  private isTaken(key: string): boolean {
    return key in this.root || key === 'then' || key === 'detailed';
  }

  private note(method: MethodDescriptor): MethodDescriptor {
    const other = this.names.get(method.wire);
    if (other !== undefined) {
      throw new UsageError(`${other} and ${method.path} have the same name on the wire, "${method.wire}"`);
    }
    this.names.set(method.wire, method.path);
    return method;
  }
}
