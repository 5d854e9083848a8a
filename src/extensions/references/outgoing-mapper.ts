import { pathTo } from '../../base/value-paths.js';
import { Code, RpcError, UsageError } from '../../contract/errors.js';
import type { Session } from '../../session/session.js';
import type { Mapped } from '../../session/session-values.js';
import { ABOUT, speaks } from '../../session/system/system-names.js';
import { isStream } from '../streams/is-stream.js';
import type { TypedSide } from '../values/side-values.js';
import { type Tag, tagged } from '../values/tagged.js';
import type { Callee, ExportedReference, Exports, Holder } from './exports.js';
import { importOf } from './imported-reference.js';
import type { ImportTable } from './imports.js';
import { weightOf } from './members.js';
import { offerStream, withdrawStream } from './offered-streams.js';
import { referableOf } from './referable.js';

/** Values on their way out: they get the tagged form, and references are held for the peer. */
export class OutgoingMapper {
  private readonly canTag: boolean;

  constructor(
    private readonly session: Session,
    private readonly mapper: TypedSide,
    private readonly exports: Exports,
    private readonly imports: ImportTable,
  ) {
    this.canTag = speaks(session.host.codec, ABOUT);
  }

  /**
   * The values as they travel; undefined if they are plain. `holder` is what ends the holds of references; streams
   * are possible only with a pending call as the holder. Throws a UsageError for what cannot be passed to this peer, an RpcError,
   * busy, for more than it may hold.
   */
  mapOutgoing(values: unknown, holder: Holder): Mapped | undefined {
    const message = new OutgoingValues(this.session, this.exports, holder);
    try {
      const sent = tagged(values, (value) => this.tag(value, message, values), this.mapper.mostWritten);
      return sent === values ? undefined : message.with(sent);
    } catch (error) {
      message.end();
      throw error;
    }
  }

  /** Throws a UsageError for values that cannot be passed to this peer. Does not check the limit `references`. */
  check(values: unknown): void {
    try {
      this.mapOutgoing(values, 'peer')?.end();
    } catch (error) {
      if (!(error instanceof RpcError && error.code === Code.Busy)) throw error;
    }
  }

  private tag(value: object | bigint | number, message: OutgoingValues, values: unknown): Tag | undefined {
    const { canTag } = this;
    // For peers that are not Obverse, the codec encodes values as it can.
    const known = canTag ? this.mapper.types.tag(value) : undefined;
    if (known !== undefined || (typeof value !== 'object' && typeof value !== 'function')) return known;
    const imported = importOf(value);
    if (imported !== undefined && imported.table === this.imports) {
      const failure = imported.failure();
      if (failure !== undefined) throw failure;
      return ['own', imported.id];
    }
    const referable = referableOf(value);
    if (referable === undefined && !isStream(value)) return undefined;
    if (!canTag) {
      const path = pathTo(values, value);
      const at = path === undefined || path === '' ? '' : ` (one is at ${path})`;
      throw new UsageError(
        `functions, streams and references cannot be passed here${at}: the codec is for peers that are not Obverse, which would not understand them`,
      );
    }
    if (referable === undefined) return ['stream', message.offer(value)];
    const { members, streams, callee } = referable;
    const id = message.hold(value, weightOf(members?.length), callee);
    if (members === undefined) return ['fn', id];
    return streams.length === 0 ? ['ref', id, members] : ['ref', id, members, streams];
  }
}

/** The references and streams of one message. */
class OutgoingValues {
  private readonly held: ExportedReference[] = [];
  private readonly offered: number[] = [];

  constructor(
    private readonly session: Session,
    private readonly exports: Exports,
    private readonly holder: Holder,
  ) {}

  hold(target: object, weight: number, callee: Callee): number {
    const exported = this.exports.hold(target, this.holder, weight, callee);
    this.held.push(exported);
    return exported.id;
  }

  offer(source: object): number {
    if (this.holder !== 'call') {
      throw new UsageError('a stream can only be an argument of a request, whose reply ends the offer');
    }
    const n = offerStream(this.session, source);
    this.offered.push(n);
    return n;
  }

  with(values: unknown): Mapped {
    return { values, end: () => this.end() };
  }

  /** Ends the holds and offers. Safe to call twice. */
  end(): void {
    for (const exported of this.held.splice(0)) this.exports.free(exported, this.holder);
    for (const n of this.offered.splice(0)) withdrawStream(this.session, n);
  }
}
