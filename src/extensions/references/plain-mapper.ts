import { notInstalled } from '../../api/extension-registry.js';
import { endpointOf } from '../../api/side-class.js';
import { isMap, isPlain, isSet } from '../../base/kinds.js';
import type { RpcError } from '../../contract/errors.js';
import { mustFitWritten } from '../../session/sending/written-size.js';
import type { SessionHost, ValueMapper } from '../../session/session.js';
import { isStream } from '../streams/is-stream.js';
import { refusalOf } from '../values/refusal.js';
import { plainValues } from '../values/side-values.js';
import { isMarked } from './reference-mark.js';

/**
 * The values of a side without value types and references: what would go by reference is refused, and everything else travels as the
 * codec has it.
 */
export class PlainMapper implements ValueMapper {
  constructor(private readonly host: SessionHost) {}

  mustMap(values: unknown): boolean {
    if (!plainValues.isSpecial(values)) return false;
    if (holdsReference(values)) return true;
    mustFitWritten(values, mostWritten(this.host));
    return false;
  }

  mustEnd(data: unknown): void {
    if (plainValues.isSpecial(data)) mustFitWritten(data, mostWritten(this.host));
  }

  sameForAll(): undefined {
    return undefined;
  }

  refusal(error: unknown): RpcError {
    return refusalOf(this.host, error);
  }

  attach(): never {
    throw notInstalled('references', 'what goes by reference (functions, objects, streams as arguments)');
  }

  discard(): void {}
}

/** How many bytes values may be where an object is written as often as it occurs; any number where a codec hands over the objects. */
export function mostWritten({ codec, limits }: SessionHost): number {
  return codec.form === 'values' ? Number.POSITIVE_INFINITY : limits.frameBytes;
}

/** Visits what `tagged` visits, each object once: values may contain themselves. */
function holdsReference(values: unknown): boolean {
  const found = new Set<unknown>([values]);
  for (const value of found) {
    if (typeof value === 'function') return true;
    if (typeof value !== 'object' || value === null) continue;
    if (endpointOf(value) !== undefined || isStream(value) || isOfMarked(value)) return true;
    for (const item of within(value)) if (typeof item === 'object' || typeof item === 'function') found.add(item);
  }
  return false;
}

function within(value: object): Iterable<unknown> {
  if (isMap(value)) return [...value.keys(), ...value.values()];
  if (isSet(value) || Array.isArray(value)) return value;
  return isPlain(value) ? Object.values(value) : [];
}

function isOfMarked(value: object): boolean {
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at)) {
    if (isMarked(at.constructor)) return true;
  }
  return false;
}
