import { endpointOf } from '../../api/side-class.js';
import { isMap, isPlain, isSet } from '../../base/kinds.js';
import type { Codec } from '../../contract/contract.js';
import type { RpcError } from '../../contract/errors.js';
import type { Session, SessionHost, ValueMapper } from '../../session/session.js';
import { mustFitWritten } from '../../session/written-size.js';
import type { Options } from '../../types/options.js';
import { references } from '../rooms.js';
import { isStream } from '../streams/is-stream.js';
import { refusalOf } from '../values/refusal.js';
import { plainValues, type SideValues, type TypedSide } from '../values/side-values.js';
import { isMarked } from './reference-mark.js';
import type { ReferenceTables } from './reference-tables.js';

/**
 * Sends value types, and references where they are loaded. Where they are not, nothing goes by reference: what would, is refused, and
 * everything else travels as the codec has it.
 */
export class ReferenceMapper implements ValueMapper, TypedSide {
  /** The value types of the side. */
  types: SideValues = plainValues;

  constructor(
    private readonly host: SessionHost,
    private readonly entries: Options['types'],
  ) {}

  /** Loads what the value types need. Rejects with a UsageError for what is no type. */
  async open(codec: Promise<Codec>): Promise<void> {
    const { entries } = this;
    if (entries === undefined || entries.length === 0) return;
    // Values of these types travel in the form of what goes by reference.
    const [{ typedValues }, bare] = await Promise.all([import('../values/typed-values.js'), codec, references.enter()]);
    this.types = typedValues(entries, bare);
  }

  mustMap(values: unknown): boolean {
    if (!this.types.isSpecial(values)) return false;
    if (references.here !== undefined || holdsReference(values)) return true;
    mustFitWritten(values, this.mostWritten);
    return false;
  }

  /** How many bytes values may be where an object is written as often as it occurs; any number where a codec hands over the objects. */
  get mostWritten(): number {
    const { codec, limits } = this.host;
    return codec.form === 'values' ? Number.POSITIVE_INFINITY : limits.frameBytes;
  }

  mustEnd(data: unknown): void {
    if (this.types.isSpecial(data)) mustFitWritten(data, this.mostWritten);
  }

  sameForAll(args: readonly unknown[]): readonly unknown[] | undefined {
    return references.there.sameForAll(this, this.host.codec, args);
  }

  refusal(error: unknown): RpcError {
    return refusalOf(this.host, error);
  }

  attach(session: Session): ReferenceTables {
    const { ReferenceTables } = references.must('what goes by reference (functions, objects, streams as arguments)');
    return new ReferenceTables(session, this);
  }

  discard(session: Session, values: unknown): void {
    if (references.here !== undefined) referencesOf(session).refuse(values);
  }
}

/** What a session passes by reference, in both directions; made with the first message that has something of the kind. */
export function referencesOf(session: Session): ReferenceTables {
  return session.values as ReferenceTables;
}

/** Looks into what `tagged` looks into, each object once: values may hold themselves. */
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
