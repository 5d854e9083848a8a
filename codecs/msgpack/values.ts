import type { Packr, Unpackr } from 'msgpackr';
import { Boxed, boxed } from './boxes.js';
import { bigIntFromBytes, Extension, Type, typedFromBytes } from './extensions.js';
import { noRecords } from './records.js';

/** What is used of the package `msgpackr`. */
export type Package = typeof import('msgpackr/index-no-eval').default;

/*
 * What msgpackr does with extensions holds for everybody who uses the same copy of it in a process. This build of it is
 * hardly used by anybody else, so that what is said here does not change what an application does with msgpackr itself.
 */
const options: object = {
  useRecords: false,
  variableMapSize: true,
  encodeUndefinedAsNil: true,
  useBigIntExtension: true,
  int64AsType: 'auto',
};
let library: Package | undefined;
let packr: Packr;
let copying: Unpackr;
let viewing: Unpackr;

/**
 * Takes the package that reads and writes values, before the first of them: it is optional, and this module does not import it, because a
 * bundle in one file would load it at its start. The first call counts: the extensions hold for the whole package.
 */
export function usePackage(given: Package): void {
  if (library !== undefined) return;
  const { Packr, Unpackr, addExtension } = given;
  for (let type = 0; type < TIMESTAMP; type++) addExtension({ type, unpack: reader(type) } as never);
  packr = new Packr(options);
  copying = new Unpackr({ ...options, structures: noRecords(), copyBuffers: true } as object);
  viewing = new Unpackr({ ...options, structures: noRecords() } as object);
  library = given;
}

/** The timestamp of the specification, -1 as an unsigned byte: msgpackr reads and writes it. */
const TIMESTAMP = 0xff;

/** A value of one of our own extensions that is none. */
export class Malformed extends TypeError {}

/** Every type but ours is a stranger's: msgpackr has meanings of its own for some of them, which nobody has asked for. */
function read(type: number, data: Uint8Array, valueAt: ValueAt | undefined): unknown {
  const listed = (): readonly unknown[] => {
    const list = valueAt === undefined ? alone[data[0] as number] : valueAt(data.byteOffset - source.byteOffset);
    if (!Array.isArray(list)) throw new Malformed('a map or a set is one list');
    return list;
  };
  switch (type) {
    case Type.BigInt:
      return bigIntFromBytes(data);
    case Type.Map:
      return new Map(pairs(listed()));
    case Type.Set:
      return new Set(listed());
    case Type.Typed:
      return typedFromBytes(data) ?? new Extension(type, Uint8Array.from(data));
    default:
      return new Extension((type << 24) >> 24, Uint8Array.from(data));
  }
}

/** Reads the value that stands at a place of what is being read. msgpackr has none for an extension of one byte. */
type ValueAt = (place: number) => unknown;
/** The only list of one byte. */
const alone: Readonly<Record<number, readonly unknown[]>> = { 144: [] };

function reader(type: number): (data: Uint8Array, valueAt?: ValueAt) => unknown {
  return (data, valueAt) => read(type, data, valueAt);
}

/** msgpackr wants a class for each type that is written. It looks through them one after the other: so only those that are. */
const classes = new Map<number, typeof Boxed>();

function classOf(type: number): typeof Boxed {
  let made = classes.get(type);
  if (made === undefined) {
    made = class extends Boxed {};
    classes.set(type, made);
    // It takes 0 for no type at all, but writes a byte, and 256 is 0 there.
    const written = { Class: made, type: type || 256, pack: ({ body }: Boxed) => body, unpack: reader(type) };
    library?.addExtension(written as never);
  }
  return made;
}

function box(type: number, body: Uint8Array | readonly unknown[]): Boxed {
  return new (classOf(type & 0xff))(body instanceof Uint8Array ? body : packr.pack(body));
}

/** Writes a value. Throws for one that cannot travel. What has been written stays as it is. */
export function pack(value: unknown): Uint8Array {
  return packr.pack(boxed(value, box));
}

/** What is being read: an extension is told where it stands in it. */
let source = new Uint8Array(0);

/** Reads one value or several, one behind the other. `own`: nobody else holds the memory, so that bytes need no copy. */
export function unpackAll(bytes: Uint8Array, own: boolean): readonly unknown[] {
  source = bytes as typeof source;
  return ((own ? viewing : copying).unpackMultiple(bytes) as unknown[] | undefined) ?? [];
}

function pairs(list: readonly unknown[]): [unknown, unknown][] {
  if (list.length % 2 === 1) throw new Malformed('a map is a list of keys and values by turns');
  return Array.from({ length: list.length / 2 }, (_, at) => [list[2 * at], list[2 * at + 1]]);
}
