import { classesOf } from '../../api/side-class.js';
import type { MethodDescriptor } from '../../spec/method-table.js';
import { segmentsOf } from './paths.js';

/** A resolved path, as far as it is declared. */
export interface Place {
  /** The side or the namespace that holds it, as deep as namespaces go. */
  readonly self: object;
  /** The rest of the path below it; empty if the path is that of a namespace. */
  readonly rest: string;
  /** The declared method of this path, in either direction. */
  readonly descriptor: MethodDescriptor | undefined;
  /** The path from the root. */
  readonly path: string;
  readonly wire: string;
}

/** Returns the side that is mounted at a path, if there is one. */
export type SideAt = (path: string) => object | undefined;

/** Resolves a path from a side or a namespace. Throws a UsageError for an invalid path. */
export function placeOf(start: object, path: unknown, sideAt: SideAt): Place {
  const segments = segmentsOf(path);
  let self = start;
  while (segments.length > 0) {
    const inner = within(self, segments[0] as string, sideAt);
    if (inner === undefined) break;
    self = inner;
    segments.shift();
  }
  const { table } = classesOf(self);
  const rest = segments.join('.');
  const descriptor = table.methods.find(({ key }) => key === rest);
  return { self, rest, descriptor, path: `${table.path}${rest}`, wire: descriptor?.wire ?? `${table.wire}${rest}` };
}

function within(self: object, key: string, sideAt: SideAt): object | undefined {
  const { table, children } = classesOf(self);
  if (children.has(key)) return (self as Readonly<Record<string, object>>)[key];
  return sideAt(`${table.path}${key}`);
}

/** The path of a name on the wire: namespaces may have other names there than in the spec. */
export function pathOfName(start: object, wire: string, mounted: () => Iterable<object>): string {
  const { table, children } = classesOf(start);
  const inner = (self: object): boolean => {
    const { wire: begins } = classesOf(self).table;
    return begins.length > table.wire.length && wire.startsWith(begins);
  };
  for (const key of children.keys()) {
    const child = (start as Readonly<Record<string, object>>)[key] as object;
    if (inner(child)) return pathOfName(child, wire, mounted);
  }
  for (const side of mounted()) if (inner(side)) return pathOfName(side, wire, mounted);
  return `${table.path}${wire.slice(table.wire.length)}`;
}
