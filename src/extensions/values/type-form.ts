import { brand } from '../../contract/copies.js';
import { ProtocolError } from '../../contract/errors.js';
import type { Class, Kind, TypePacking } from '../../types/values.js';

/** How the values of one class travel: their tag, and the payload behind it. */
export class TypeForm implements TypePacking {
  /** @param standard whether a codec may encode such values itself; then it lists the id in `natives`. */
  constructor(
    readonly id: string,
    readonly of: Class | Kind,
    // biome-ignore lint/suspicious/noExplicitAny: a value of the class
    readonly pack: (value: any) => readonly unknown[],
    readonly unpack: (payload: readonly unknown[]) => unknown,
    readonly standard: boolean,
  ) {
    brand(this);
  }
}

/** The string that is the payload. Throws a ProtocolError for any other payload, and for a longer string. */
export function textOf(payload: readonly unknown[], longest = Number.POSITIVE_INFINITY): string {
  const [text] = payload;
  if (payload.length !== 1 || typeof text !== 'string') throw new ProtocolError('expected one string');
  if (text.length > longest) throw new ProtocolError(`expected at most ${longest} characters, not ${text.length}`);
  return text;
}

/** The list that is the payload. Throws a ProtocolError for any other payload. */
export function listOf(payload: readonly unknown[]): readonly unknown[] {
  const [list] = payload;
  if (payload.length !== 1 || !Array.isArray(list)) throw new ProtocolError('expected one list');
  return list;
}

/** Classes by their names. */
export function byName<C extends { readonly name: string }>(classes: readonly C[]): ReadonlyMap<string, C> {
  return new Map(classes.map((one) => [one.name, one]));
}
