import type { Codec } from '../../contract/contract.js';
import type { RpcError } from '../../contract/errors.js';
import { mustFitWritten } from '../../session/sending/written-size.js';
import type { Session, SessionHost, ValueMapper } from '../../session/session.js';
import type { Options } from '../../types/options.js';
import { refusalOf } from '../values/refusal.js';
import { plainValues, type SideValues, type TypedSide } from '../values/side-values.js';
import { mostWritten } from './plain-mapper.js';
import { ReferenceTables } from './reference-tables.js';
import { sameForAll } from './same-for-all.js';

/** Sends value types, and what goes by reference. */
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
    const [{ typedValues }, bare] = await Promise.all([import('../values/typed-values.js'), codec]);
    this.types = typedValues(entries, bare);
  }

  mustMap(values: unknown): boolean {
    return this.types.isSpecial(values);
  }

  get mostWritten(): number {
    return mostWritten(this.host);
  }

  mustEnd(data: unknown): void {
    if (this.types.isSpecial(data)) mustFitWritten(data, this.mostWritten);
  }

  sameForAll(args: readonly unknown[]): readonly unknown[] | undefined {
    return sameForAll(this, this.host.codec, args);
  }

  refusal(error: unknown): RpcError {
    return refusalOf(this.host, error);
  }

  attach(session: Session): ReferenceTables {
    return new ReferenceTables(session, this);
  }

  discard(session: Session, values: unknown): void {
    referencesOf(session).refuse(values);
  }
}

/** What a session passes by reference, in both directions; made with the first message that has something of the kind. */
export function referencesOf(session: Session): ReferenceTables {
  return session.values as ReferenceTables;
}
