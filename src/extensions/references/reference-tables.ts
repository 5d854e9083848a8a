import type { RpcEndpoint } from '../../api/endpoint.js';
import { deadlineIn } from '../../base/clock.js';
import { currentCall, runWithin } from '../../calls/call-context.js';
import { settingsOf } from '../../calls/call-settings.js';
import type { Invoke } from '../../calls/layer.js';
import type { OutgoingCall } from '../../calls/outgoing-call.js';
import { SentRequest } from '../../calls/sent-request.js';
import type { About, Call } from '../../contract/contract.js';
import { Code, RpcError } from '../../contract/errors.js';
import type { CallSender } from '../../session/incoming-calls/call-sender.js';
import { unsent } from '../../session/outgoing-calls/lost-calls.js';
import type { ReplyHandler } from '../../session/outgoing-calls/pending-calls.js';
import { postWithHeaders, withTaggedHeader } from '../../session/sending/outgoing-headers.js';
import type { Session } from '../../session/session.js';
import type { Hold, Mapped, SessionValues, Unmapped } from '../../session/session-values.js';
import { CALL, KEEP, RELEASE } from '../../session/system/system-names.js';
import type { Detailed } from '../../types/derived.js';
import type { Items } from '../../types/method.js';
import { streamFrom } from '../streams/relayed-stream.js';
import { failedStream, tryRequestStream } from '../streams/stream-call.js';
import type { TypedSide } from '../values/side-values.js';
import { incomingCallback, outgoingCallback } from './callback-calls.js';
import { type Exports, ExportTable } from './exports.js';
import type { ImportedReference } from './imported-reference.js';
import { ImportTable } from './imports.js';
import { IncomingMapper } from './incoming-mapper.js';
import { MemberExports } from './member-exports.js';
import { OutgoingMapper } from './outgoing-mapper.js';

/**
 * What one session passes by reference, and what it puts into the tagged form, in both directions. Made when the first message
 * has something of the kind.
 */
export class ReferenceTables implements SessionValues {
  readonly exports: Exports;
  private readonly imports: ImportTable;
  private readonly outgoingMapper: OutgoingMapper;
  private readonly incomingMapper: IncomingMapper;

  constructor(
    private readonly session: Session,
    mapper: TypedSide,
  ) {
    const { limits } = session.host;
    const { peer } = session.link;
    // What was passed with a call to a service is called by the member that has the call.
    const ofService = session.service?.values as ReferenceTables | undefined;
    this.exports =
      ofService === undefined ? new ExportTable(limits.references, peer) : new MemberExports(ofService.exports);
    this.imports = new ImportTable(
      {
        call: (imported, member, args) => this.invoke(imported, member, args),
        calledLate: (error) => session.host.reportError(session, error),
        get callSites() {
          return (session.host as RpcEndpoint).diagnostics.callSites;
        },
        stream: (imported, member, args) => this.invokeStream(imported, member, args),
      },
      (word, ids) => session.sendSystem(word === 'keep' ? KEEP : RELEASE, ids),
      limits.references,
      peer,
    );
    this.outgoingMapper = new OutgoingMapper(session, mapper, this.exports, this.imports);
    this.incomingMapper = new IncomingMapper(session, mapper, this.exports, this.imports);
  }

  private get endpoint(): RpcEndpoint {
    return this.session.host as RpcEndpoint;
  }

  /** How many references there are, in both directions; of a member of a service, without those that it shares. */
  get size(): number {
    return this.exports.size + this.imports.size;
  }

  // ---- what leaves --------------------------------------------------------------------------------------------------

  /** Asks, with what is passed held until the answer is there. */
  sendRequest(
    method: string,
    args: readonly unknown[],
    named: boolean,
    waiter: ReplyHandler,
    about: About | undefined,
    through: Session,
  ): number {
    const sent = this.outgoingMapper.mapOutgoing(args, 'call');
    if (sent === undefined) return through.sendPlainRequest(method, args, named, waiter, about);
    waiter.passed = sent;
    try {
      return through.sendPlainRequest(method, sent.values as unknown[], named, waiter, withTaggedHeader(about));
    } catch (error) {
      sent.end();
      throw error;
    }
  }

  /** Sends a notification. What is passed is held until the peer releases it. Returns false, and does nothing, if nothing is passed. */
  notify(plain: Call, about: About | undefined, through: Session): boolean {
    const { session } = this;
    const sent = this.outgoingMapper.mapOutgoing(plain.args, 'peer');
    if (sent === undefined) return false;
    const call: Call = { ...plain, args: sent.values as unknown[] };
    try {
      if (session.ended !== undefined) throw unsent(session.ended);
      postWithHeaders(through, call, withTaggedHeader(about), (error) => {
        sent.end();
        session.host.reportError(session, error);
      });
      return true;
    } catch (error) {
      sent.end();
      throw error;
    }
  }

  /**
   * Values that are no arguments, as they travel; undefined if they are plain. What is passed by reference is held until the peer
   * releases it, or until `end`, if they could not be sent. Throws a UsageError for what cannot be passed to this peer, an
   * RpcError, busy, for more than it may hold.
   */
  mapOutgoing(values: unknown): Mapped | undefined {
    return this.outgoingMapper.mapOutgoing(values, 'peer');
  }

  /** Throws a UsageError for what cannot be passed to this peer. */
  check(values: unknown): void {
    this.outgoingMapper.check(values);
  }

  // ---- what comes ---------------------------------------------------------------------------------------------------

  /**
   * The values of a message that was announced as tagged, and what ends what has come with it. `method` is for texts. Throws for
   * what cannot be read, and a ProtocolError for more references than may be held: then all of them are given back.
   */
  mapIncoming(values: unknown, hold: Hold, method: string): Unmapped {
    return this.incomingMapper.mapIncoming(values, hold, method);
  }

  /** A call that was announced as tagged, with its arguments decoded. Throws as `mapIncoming`. */
  taken(call: Call): Call {
    const hold = call.id === undefined ? 'notification' : 'call';
    const { values, end } = this.mapIncoming(call.args, hold, call.method);
    return { ...call, args: values as unknown[], passed: { end } };
  }

  /** Received values are not used: the references in them are released. Never throws. */
  refuse(values: unknown): void {
    this.incomingMapper.refuse(values);
  }

  // ---- what the peer says of them -----------------------------------------------------------------------------------

  keep(ids: readonly unknown[]): void {
    for (const id of ids) this.exports.keep(id);
  }

  /** Throws a ProtocolError for what the peer does not hold. */
  release(ids: readonly unknown[]): void {
    for (const id of ids) this.exports.release(id);
  }

  /** A call of a reference waits for its turn: the reference is not freed before the call has begun. */
  holdQueued(call: Call): void {
    const exported = this.exports.find(call.args[0]);
    if (exported === undefined) return;
    exported.holds.call++;
    const { passed } = call;
    let ended = false;
    const end = (): void => {
      if (ended) return;
      ended = true;
      this.exports.free(exported, 'call');
      passed?.end();
    };
    call.passed = { end };
  }

  /** The peer calls something that was passed to it. */
  call(sender: CallSender): unknown {
    const [id, member, args] = sender.call.args;
    if (!Array.isArray(args) || (member !== null && typeof member !== 'string')) {
      const text = `${CALL} takes the id of a reference, the name of a method or null, and a list of arguments`;
      throw new RpcError(text, Code.InvalidParams);
    }
    const { callee } = this.exports.at(id);
    const layered = this.endpoint.layers.incomingCallbacks;
    const carryOut = (): unknown => {
      if (layered === undefined) return callee(member, args, sender);
      return layered(incomingCallback(sender, member, args, (given) => callee(member, given, sender)));
    };
    const timeout = this.timeFor(sender.call.about);
    if (timeout === Number.POSITIVE_INFINITY) return carryOut();
    sender.details.deadline = deadlineIn(timeout);
    return runWithin(sender, carryOut);
  }

  /** In milliseconds. What a stream may take is specified by its caller alone. */
  private timeFor(about: About | undefined): number {
    const { timeout = Number.POSITIVE_INFINITY, window } = about ?? {};
    return window === undefined ? Math.min(timeout, this.session.host.handlerTimeout) : timeout;
  }

  // ---- calls of what the peer has passed ----------------------------------------------------------------------------

  private invoke({ id }: ImportedReference, member: string | null, args: readonly unknown[]): Promise<unknown> {
    const layered = this.endpoint.layers.outgoingCallbacks;
    if (layered === undefined) return this.request([id, member, args]);
    return this.throughLayers(layered, id, member, args, (call) => this.request([id, member, call.args], call));
  }

  /** Layers may be asynchronous: the call with which the reference arrived may have ended before this one is sent. */
  private throughLayers(
    layered: Invoke<OutgoingCall>,
    id: number,
    member: string | null,
    args: readonly unknown[],
    last: (call: OutgoingCall) => unknown,
  ): Promise<unknown> {
    const { session } = this;
    session.sendSystem(KEEP, [id]);
    const call = outgoingCallback(this.endpoint, session, member, args, last);
    const answer = new Promise((resolve) => resolve(layered(call)));
    const ended = (): boolean => session.sendSystem(RELEASE, [id]);
    answer.then(ended, ended);
    return answer;
  }

  /** `call` is what layers see of it: the metadata that they have set is sent with it. */
  private request(args: readonly unknown[], call?: OutgoingCall): Promise<unknown> {
    const { session } = this;
    const { timeout } = session.host;
    if (call === undefined && currentCall() === undefined) return session.request(CALL, args, false, timeout);
    return new Promise((resolve, reject) => {
      const answered = ({ value, metadata }: Detailed<unknown>): void => {
        if (call !== undefined) call.replyMetadata = metadata;
        resolve(value);
      };
      // A handler has no more time for what it calls than is left for itself.
      const settings = settingsOf(call?.options ?? {}, timeout);
      const id = new SentRequest(session, CALL, settings, { resolve: answered, reject }).send(args, false);
      if (call !== undefined) call.id = id;
    });
  }

  private invokeStream(imported: ImportedReference, member: string, args: readonly unknown[]): Items<unknown> {
    const { session } = this;
    const { id } = imported;
    const method = `callback.${member}`;
    const ask = (given: readonly unknown[], call?: OutgoingCall): Items<unknown> => {
      const sent = (sentAs: number): void => {
        if (call !== undefined) call.id = sentAs;
      };
      return tryRequestStream(session, CALL, { args: [id, member, given], named: false }, call?.options, sent);
    };
    const failure = imported.failure();
    if (failure !== undefined) return failedStream(failure, method);
    const layered = this.endpoint.layers.outgoingCallbacks;
    if (layered === undefined) return ask(args);
    const begun = this.throughLayers(layered, id, member, args, (call) => ask(call.args, call));
    return streamFrom(begun, method, false);
  }

  /** The link has ended. */
  end(reason: RpcError): void {
    this.exports.clear();
    this.imports.clear(reason);
  }
}
