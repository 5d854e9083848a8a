import type { Packr, Unpackr } from 'msgpackr';
import { type Box, Boxed, boxed, type Special } from './boxes.js';
import { bigIntFromBytes, Extension, Type, typedFromBytes } from './extensions.js';
import { noRecords } from './records.js';
import { endOfValue, NEVER } from './tokens.js';

/** What this codec uses of the package `msgpackr`. */
export type Package = typeof import('msgpackr/index-no-eval').default;

/*
 * msgpackr keeps extensions for the whole process, per copy of the package. Hardly anybody else uses this build of it,
 * so the registration here does not change how an application uses msgpackr itself.
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
 * Sets the package that reads and writes values; must be called before the first use. The package is optional, and this
 * module does not import it because a single-file bundle would load it at startup. Only the first call has an effect:
 * the extensions apply to the whole package.
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

/** A value of one of our extensions that is malformed. */
export class Malformed extends TypeError {}

/**
 * Every type that is not ours becomes an `Extension`: msgpackr has its own meanings for some of them, which must not
 * apply.
 */
function read(type: number, data: Uint8Array, valueAt: ValueAt | undefined): unknown {
  const listed = (): readonly unknown[] => {
    if (!isOneValue(data)) throw new Malformed(NO_LIST);
    const list = valueAt === undefined ? alone[data[0] as number] : valueAt(data.byteOffset - source.byteOffset);
    if (!Array.isArray(list)) throw new Malformed(NO_LIST);
    return list;
  };
  if (reading !== undefined) return reading(new Extension((type << 24) >> 24, Uint8Array.from(data)));
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

const NO_LIST = 'the body of a map or a set must be one list that fills it';

/**
 * Whether the body of an extension is exactly one value. Must be true before msgpackr reads a value in it: msgpackr
 * stops at the end of the input, not at the end of the body, so a value that is cut off would take the bytes after it.
 */
function isOneValue(body: Uint8Array): boolean {
  try {
    return endOfValue(body, 0) === body.length;
  } catch {
    return false;
  }
}

/** Reads the value at a position of the input. msgpackr has no method for this in an extension of one byte. */
type ValueAt = (place: number) => unknown;
/** The only list with a size of one byte. */
const alone: Readonly<Record<number, readonly unknown[]>> = { 144: [] };

function reader(type: number): (data: Uint8Array, valueAt?: ValueAt) => unknown {
  return (data, valueAt) => read(type, data, valueAt);
}

/**
 * msgpackr needs a class for each type that it writes and searches them one after the other, so only the written types
 * are registered.
 */
const classes = new Map<number, typeof Boxed>();

function classOf(type: number): typeof Boxed {
  let made = classes.get(type);
  if (made === undefined) {
    made = class extends Boxed {};
    classes.set(type, made);
    // msgpackr takes 0 for no type, but it writes a byte, and 256 is 0 there.
    const written = { Class: made, type: type || 256, pack: ({ body }: Boxed) => body, unpack: reader(type) };
    library?.addExtension(written as never);
  }
  return made;
}

function box(type: number, body: Uint8Array | readonly unknown[]): Boxed {
  return new (classOf(type & 0xff))(body instanceof Uint8Array ? body : packr.pack(body));
}

/** Writes a value. Throws for one that cannot be sent. Bytes that were written earlier stay unchanged. */
export function pack(value: unknown): Uint8Array {
  return packr.pack(boxed(value, box));
}

/** Writes values for peers that do not know our extensions; see `Box.instead`. */
export function packWith(instead: (value: Special) => unknown): (value: unknown) => Uint8Array {
  const own: Box = Object.assign((type: number, body: Uint8Array | readonly unknown[]) => box(type, body), { instead });
  return (value) => packr.pack(boxed(value, own));
}

/** The input that is being read: an extension gets its position in it. */
let source = new Uint8Array(0);
/** What an extension becomes, for peers that do not know ours. */
let reading: ((extension: Extension) => unknown) | undefined;

/**
 * Reads one value, or several one after the other. `own`: nothing else holds the memory, so bytes need no copy. `read`: for peers that do not
 * know our extensions, what an extension of any type becomes. Throws if the bytes are not MessagePack.
 */
export function unpackAll(
  bytes: Uint8Array,
  own: boolean,
  read?: (extension: Extension) => unknown,
): readonly unknown[] {
  // msgpackr reads the byte that begins no value as an object of its own.
  if (bytes.includes(NEVER)) for (let at = 0; at < bytes.length; ) at = endOfValue(bytes, at);
  source = bytes as typeof source;
  reading = read;
  return ((own ? viewing : copying).unpackMultiple(bytes) as unknown[] | undefined) ?? [];
}

function pairs(list: readonly unknown[]): [unknown, unknown][] {
  if (list.length % 2 === 1) throw new Malformed('the body of a map must be a list of keys and values');
  return Array.from({ length: list.length / 2 }, (_, at) => [list[2 * at], list[2 * at + 1]]);
}
