import { namespace, RemoteAPI } from '../../api/remote-api.js';
import { UsageError } from '../../contract/errors.js';
import { mustBeOptions } from '../../contract/options-object.js';
import { declareMethods, incoming, outgoing } from '../../spec/decorators.js';
import type { SpecConstructor } from '../../spec/method-table.js';
import type { MethodDescription } from '../../types/call-options.js';
import type { MethodOptions } from '../../types/method-options.js';
import type { DescribedAPI, UntypedClass } from '../../types/side.js';
import { type Described, readDescription } from './description-reader.js';

/** The description of a spec: what `describe()` returns, or its JSON. */
export type SpecSource = readonly MethodDescription[] | string;

/** Options of a spec that is made from data. */
export interface SpecOptions {
  /** The name of the class, for messages. Default: `Described`. */
  readonly name?: string;
}

/**
 * Makes a spec from data, as if its class were written by hand: `describe()` of it returns the same data, and it serves and calls
 * like the class that was described. Bodies, schemas, interceptors and error classes are not data, and so not part of it. Typed
 * with a type argument, `specFrom<Chat>(data)`, and untyped without. Throws a UsageError for methods that a class could not declare.
 */
export function specFrom(description: SpecSource, options?: SpecOptions): UntypedClass;
export function specFrom<S>(description: SpecSource, options?: SpecOptions): DescribedAPI<S>;
export function specFrom(description: unknown, options: SpecOptions = {}): unknown {
  mustBeOptions(options, 'specFrom(): the options', "{ name: 'Chat' }");
  const { name = 'Described', ...others } = options;
  for (const key of Object.keys(others))
    throw new UsageError(`specFrom(): unknown option "${key}"; the only option is name`);
  if (typeof name !== 'string' || name === '')
    throw new UsageError('specFrom(): the option "name" must be a non-empty string');
  const spec = classOf(name, treeOf(readDescription(description)), '');
  // Faults are found now, and not when the first side is made.
  (spec as unknown as typeof RemoteAPI).describe();
  return spec;
}

/** A spec, or a namespace of it. */
interface Node {
  readonly methods: Described[];
  readonly inner: Map<string, Node>;
}

function treeOf(methods: readonly Described[]): Node {
  const root: Node = { methods: [], inner: new Map() };
  for (const method of methods) {
    let node = root;
    for (const key of method.segments.slice(0, -1)) {
      const inner = node.inner.get(key) ?? { methods: [], inner: new Map() };
      node.inner.set(key, inner);
      node = inner;
    }
    node.methods.push(method);
  }
  return root;
}

/** `wire` is the prefix of the names on the wire, empty or ending in a dot; `depth` the number of segments before them. */
function classOf(name: string, { methods, inner }: Node, wire: string, depth = 0): SpecConstructor {
  const fields = [...inner].map(([key, node]) => {
    if (methods.some(({ segments }) => segments.at(-1) === key))
      throw new UsageError(`${name}.${key} is both a method and a namespace`);
    const begins = wireOf(`${name}.${key}`, key, below(node), wire, depth + 1);
    const spec = classOf(`${name}.${key}`, node, begins, depth + 1);
    return [key, namespace(spec as never, { name: begins.slice(wire.length, -1) })] as const;
  });
  const spec = class extends RemoteAPI {
    constructor() {
      super();
      for (const [key, field] of fields)
        Object.defineProperty(this, key, { value: field, enumerable: true, configurable: true });
    }
  };
  Object.defineProperty(spec, 'name', { value: name });
  const marks: Record<string, unknown> = {};
  for (const { segments, wire: method, direction, options } of methods) {
    const key = segments.at(-1) as string;
    Object.defineProperty(spec.prototype, key, { value: bodyFor(options), writable: true, configurable: true });
    const mark = (direction === 'incoming' ? incoming : outgoing) as (options: MethodOptions) => unknown;
    marks[key] = mark({ ...options, name: method.slice(wire.length) });
  }
  declareMethods(spec, marks as never);
  return spec as unknown as SpecConstructor;
}

/** An empty body with as many parameters as the data name: none for arguments by position. */
function bodyFor({ params, allowPositionalArgs }: MethodOptions): () => void {
  const arity = params?.length ?? (allowPositionalArgs === true ? 0 : 1);
  return Object.defineProperty(() => {}, 'length', { value: arity + 1 });
}

function below({ methods, inner }: Node): Described[] {
  return [...methods, ...[...inner.values()].flatMap(below)];
}

/**
 * The prefix of a namespace on the wire: its own name, or else the longest prefix that all of its methods share, with a segment
 * left for each level below it. `depth` is the number of segments of its path.
 */
function wireOf(at: string, key: string, methods: readonly Described[], before: string, depth: number): string {
  const begins = (prefix: string): boolean => methods.every(({ wire }) => wire.startsWith(prefix));
  const own = `${before}${key}.`;
  if (begins(own)) return own;
  const { wire: first = '' } = methods[0] ?? {};
  for (let end = first.lastIndexOf('.'); end > before.length; end = first.lastIndexOf('.', end - 1)) {
    const prefix = first.slice(0, end + 1);
    const leavesSegments = ({ wire, segments }: Described): boolean =>
      wire.slice(prefix.length).split('.').length >= segments.length - depth;
    if (begins(prefix) && methods.every(leavesSegments)) return prefix;
  }
  throw new UsageError(
    `${at}: on the wire, the names of a namespace must share a prefix that ends in a dot; "${first}" and the others do not`,
  );
}
