import { UsageError } from './errors.js';
import { type Marked, markOf } from './marks.js';
import type { Method, MethodDescription, Reserved } from './types.js';

/** One method of a spec: everything that a call needs of it, looked up once. */
export interface Row {
  readonly key: string;
  /** The property path with dots; unique. */
  readonly path: string;
  /** The name on the wire; unique. */
  readonly wire: string;
  readonly direction: 'incoming' | 'outgoing';
  readonly request: boolean;
  readonly body: Method;
  /** How many parameters the method shows after the first one. */
  readonly arity: number;
  readonly params: readonly string[] | undefined;
  readonly positional: boolean;
  readonly timeout: number | undefined;
  readonly mark: Marked;
  /** Which of the tables of the spec holds the row, counted from the root: on a side, whose `this` the body has. */
  readonly mount: number;
}

/** The members of one class at one place of a spec. */
export interface Table {
  readonly spec: SpecConstructor;
  readonly mount: number;
  /** What the paths of its rows begin with: empty, or ending in a dot. */
  readonly path: string;
  readonly rows: readonly Row[];
  /** The names, on the wire, of methods that have no mark: they are refused as such. */
  readonly unmarked: readonly string[];
  readonly children: ReadonlyMap<string, Table>;
}

/** A class whose constructor takes nothing: what a spec is at run time. */
export type SpecConstructor = new () => object;

/** What `namespace(Room)` puts into the field of a spec. */
export class NamespaceMark {
  constructor(
    readonly spec: SpecConstructor,
    readonly name: string | undefined,
  ) {}
}

const known = {
  hasReply: 'boolean',
  stream: 'boolean',
  name: 'string',
  allowPositionalArgs: 'boolean',
  timeout: 'number',
  summary: 'string',
  deprecated: 'boolean',
  params: 'object',
  direction: 'string',
} as const satisfies Record<keyof Marked, string>;
const reserved: Record<Exclude<Reserved, symbol>, true> = {
  implement: true,
  to: true,
  remote: true,
  gather: true,
  unhandledCalls: true,
  peers: true,
  address: true,
  on: true,
  describe: true,
  open: true,
  changeTransport: true,
  close: true,
};
const forbidden = new Set([...Object.keys(reserved), 'messageError', 'constructor', 'then']);

/** What `emitDecoratorMetadata` gives for arguments that cannot hold others by name. */
const primitive = new Set<unknown>([String, Number, Boolean, BigInt, Symbol, Array, Function]);

const read = new WeakMap<SpecConstructor, Table>();

/**
 * Reads a class, once: marks from its prototypes, the nearest first; namespaces from the fields of an instance made for
 * it. Throws a UsageError for whatever could not work later.
 */
export function tableOf(spec: SpecConstructor, root: object): Table {
  const found = read.get(spec);
  if (found !== undefined) return found;
  const table = new Reader(root).read(spec, '', '', []);
  read.set(spec, table);
  return table;
}

/** Every row of a table, with those of its namespaces. */
export function rowsOf(table: Table): Row[] {
  return [...table.rows, ...[...table.children.values()].flatMap(rowsOf)];
}

class Reader {
  private readonly wires = new Map<string, string>();
  private mounts = 0;

  constructor(private readonly root: object) {}

  read(spec: SpecConstructor, path: string, wire: string, within: readonly SpecConstructor[]): Table {
    if (within.includes(spec)) throw new UsageError(`${path}: ${spec.name} holds itself as a namespace`);
    const mount = this.mounts++;
    const rows: Row[] = [];
    const { marks, unmarked } = marksOf(spec, this.root);
    for (const [key, { body, mark, overruled }] of marks) {
      const at = `${spec.name}.${key}`;
      if (body === undefined)
        throw new UsageError(`${at} is marked in ${overruled}, but what overrides it is not a method`);
      rows.push(
        this.note(makeRow(at, key, `${path}${key}`, `${wire}${mark.name ?? key}`, body, mark, mount, spec.prototype)),
      );
    }
    const children = new Map<string, Table>();
    for (const [key, field] of Object.entries(probe(spec))) {
      if (!(field instanceof NamespaceMark)) continue;
      if (forbidden.has(key))
        throw new UsageError(`${spec.name}.${key}: a side has this name itself; give the namespace another one`);
      children.set(key, this.read(field.spec, `${path}${key}.`, `${wire}${field.name ?? key}.`, [...within, spec]));
    }
    return { spec, mount, path, rows, unmarked: unmarked.map((key) => `${wire}${key}`), children };
  }

  private note(row: Row): Row {
    const other = this.wires.get(row.wire);
    if (other !== undefined)
      throw new UsageError(`${other} and ${row.path} have the same name on the wire, "${row.wire}"`);
    this.wires.set(row.wire, row.path);
    return row;
  }
}

interface Found {
  body: Method | undefined;
  mark: Marked;
  overruled: string;
}

/** The marked methods of a class and of those that it extends; a mark is inherited by what overrides the method. */
function marksOf(spec: SpecConstructor, root: object): { marks: Map<string, Found>; unmarked: string[] } {
  const marks = new Map<string, Found>();
  const nearest = new Map<string | symbol, PropertyDescriptor>();
  for (let p: object | null = spec.prototype; p !== null && p !== root; p = Object.getPrototypeOf(p)) {
    for (const key of Reflect.ownKeys(p)) {
      const descriptor = Object.getOwnPropertyDescriptor(p, key) as PropertyDescriptor;
      if (!nearest.has(key)) nearest.set(key, descriptor);
      const mark =
        typeof descriptor.value === 'function' && key !== 'constructor' ? markOf(descriptor.value) : undefined;
      if (mark === undefined || marks.has(String(key))) continue;
      if (typeof key === 'symbol')
        throw new UsageError(`${spec.name}: ${String(key)} is marked, but a symbol has no name on the wire`);
      const { value } = nearest.get(key) as PropertyDescriptor;
      marks.set(key, { body: typeof value === 'function' ? value : undefined, mark, overruled: p.constructor.name });
    }
  }
  const unmarked = [...nearest.keys()].filter(
    (key) => typeof key === 'string' && key !== 'constructor' && !marks.has(key),
  );
  return { marks, unmarked: unmarked as string[] };
}

function makeRow(
  at: string,
  key: string,
  path: string,
  wire: string,
  body: Method,
  mark: Marked,
  mount: number,
  holder: object,
): Row {
  for (const [option, value] of Object.entries(mark)) {
    const expected = Object.hasOwn(known, option) ? known[option as keyof Marked] : undefined;
    if (expected === undefined) {
      const names = Object.keys(known).filter((name) => name !== 'direction');
      throw new UsageError(`${at}: unknown option "${option}"; there are ${names.join(', ')}`);
    }
    if (value !== undefined && typeof value !== expected)
      throw new UsageError(`${at}: the option "${option}" must be a ${expected}`);
  }
  if (forbidden.has(key))
    throw new UsageError(
      `${at}: a side has the name "${key}" itself; call the method otherwise, and give it this one on the wire with name: '${key}'`,
    );
  if (mark.stream)
    throw new UsageError(
      `${at}: streams are not available yet; use { hasReply: true } or a notification for each item`,
    );
  if (mark.name === '') throw new UsageError(`${at}: the option "name" must not be empty`);
  if (wire.startsWith('rpc.')) throw new UsageError(`${at}: names that begin with "rpc." are reserved by JSON-RPC`);
  if (mark.timeout !== undefined && !(mark.timeout > 0))
    throw new UsageError(`${at}: the option "timeout" must be positive, in milliseconds`);
  const types = Reflect.getMetadata('design:paramtypes', holder, key) as readonly unknown[] | undefined;
  const arity = Math.max(body.length, types?.length ?? 0, 1) - 1;
  const { params } = mark;
  if (params !== undefined) {
    if (
      !Array.isArray(params) ||
      params.some((name) => typeof name !== 'string') ||
      new Set(params).size !== params.length
    ) {
      throw new UsageError(`${at}: the option "params" must be a list of different names`);
    }
    if (params.length < arity)
      throw new UsageError(`${at}: it has ${arity} arguments, but params names only ${params.length}`);
  } else if ((arity > 1 || primitive.has(types?.[1])) && mark.allowPositionalArgs !== true) {
    const what = arity > 1 ? `${arity} arguments` : 'an argument that is no object';
    throw new UsageError(
      `${at}: ${what} need params: [names], to be sent by name, or allowPositionalArgs: true, to be sent by position`,
    );
  }
  return {
    key,
    path,
    wire,
    direction: mark.direction,
    request: mark.hasReply === true,
    body,
    arity,
    params,
    positional: mark.allowPositionalArgs === true,
    timeout: mark.timeout,
    mark,
    mount,
  };
}

function probe(spec: SpecConstructor): object {
  try {
    return new spec();
  } catch (cause) {
    throw new UsageError(`${spec.name} cannot be read: its constructor must work without arguments`, { cause });
  }
}

/** A row as data, seen from the side that the class is written for, or from the other one. */
export function describeRow(row: Row, inverted: boolean): MethodDescription {
  const { params, timeout, summary, deprecated } = row.mark;
  return {
    path: row.path,
    method: row.wire,
    direction: (row.direction === 'incoming') !== inverted ? 'incoming' : 'outgoing',
    kind: row.request ? 'request' : 'notification',
    ...(params !== undefined && { params }),
    ...(row.positional && { allowPositionalArgs: true as const }),
    ...(timeout !== undefined && { timeout }),
    ...(summary !== undefined && { summary }),
    ...(deprecated === true && { deprecated: true as const }),
  };
}
