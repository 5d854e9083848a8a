import type { Waiter } from '../asked.js';
import type { About, Call } from '../contract.js';
import { ProtocolError, type RpcError, UsageError } from '../errors.js';
import { ABOUT, CALL, KEEP, RELEASE, speaks } from '../extensions.js';
import { makeCallback, serveCallback } from '../middleware/callbacks.js';
import type { CallSender } from '../peer.js';
import type { Session } from '../session.js';
import { isStream, offer, take, withdraw } from '../streams/offers.js';
import type { Peer } from '../types.js';
import { revived, type Tag, tagged } from '../values/tagged.js';
import { calleeOf, type Export, Exports, methodsCallee } from './exported.js';
import { type Import, Imports, importOf } from './imported.js';
import { methodsOf } from './marks.js';
import { sideOf } from './sides.js';
import { functionStub, objectStub } from './stubs.js';

/** What was passed with one message, on either side; `end` says that it is over, once. */
export interface Passed {
  end(): void;
}

/** What is to be sent: the values as they travel. */
export interface Outward extends Passed {
  readonly values: unknown;
}

/** What is held for one message: references, and streams that were not asked for; undefined where there must be none. */
interface Held {
  readonly exports: Export[];
  readonly streams: number[] | undefined;
}

/** How long the receiver may call what has come. */
export type Hold =
  /** Until the call is answered, which both sides know. */
  | 'call'
  /** Until the handlers have ended, which the sender is told. */
  | 'notification'
  /** Until it is released. */
  | 'result';

/**
 * What one session passes by reference, and what it puts into the tagged form, in both directions. Made when the first message
 * has something of the kind.
 */
export class Passing {
  readonly exports: Exports;
  private readonly imports: Imports;

  constructor(private readonly session: Session) {
    const { limits } = session.host;
    const peer = session.link.peer;
    this.exports = new Exports(limits.references, peer);
    this.imports = new Imports(
      (id, member, args) =>
        makeCallback(session.host, session.peer as Peer, member, args, (given) =>
          session.request(CALL, [id, member, given], false, session.host.timeout),
        ),
      (word, id) => session.tell(word === 'keep' ? KEEP : RELEASE, [id]),
      limits.references,
      peer,
    );
  }

  /** How many references there are, in both directions. */
  get size(): number {
    return this.exports.size + this.imports.size;
  }

  /** Asks, with what is passed held until the answer is there. */
  ask(method: string, args: readonly unknown[], named: boolean, waiter: Waiter, about: About | undefined): number {
    const sent = this.outward(args, true);
    if (sent === undefined) return this.session.askPlain(method, args, named, waiter, about);
    waiter.passed = sent;
    return this.session.askPlain(method, sent.values as unknown[], named, waiter, announced(about));
  }

  /** Notifies. What is passed is held until the peer releases it. */
  notify(method: string, args: readonly unknown[], named: boolean, about: About | undefined): void {
    const sent = this.outward(args);
    if (sent === undefined) this.session.notifyPlain(method, args, named, about);
    else {
      try {
        this.session.notifyPlain(method, sent.values as unknown[], named, announced(about));
      } catch (error) {
        sent.end();
        throw error;
      }
    }
  }

  // ---- what leaves --------------------------------------------------------------------------------------------------

  /**
   * The values as they travel; undefined if they are plain. What is passed by reference is held until `end`; where that is sure
   * to come, streams can be among them. Throws a UsageError for what cannot be passed to this peer.
   */
  outward(values: unknown, streams = false): Outward | undefined {
    const held: Held = { exports: [], streams: streams ? [] : undefined };
    try {
      const sent = tagged(values, (value) => this.tag(value, held));
      if (sent === values) return undefined;
      return { values: sent, end: () => this.free(held) };
    } catch (error) {
      this.free(held);
      throw error;
    }
  }

  /** Whether something in the values is to be passed otherwise than as plain data. */
  passes(values: unknown): boolean {
    const sent = this.outward(values);
    sent?.end();
    return sent !== undefined;
  }

  private free({ exports, streams = [] }: Held): void {
    for (const { id } of exports.splice(0)) this.exports.release(id);
    for (const n of streams.splice(0)) withdraw(this.session, n);
  }

  private tag(value: object | bigint | number, held: Held): Tag | undefined {
    const { codec, values } = this.session.host;
    const speaking = speaks(codec, ABOUT);
    // A stranger gets what the codec makes of it.
    const known = speaking ? values.tag(value) : undefined;
    if (known !== undefined) return known;
    if (typeof value !== 'object' && typeof value !== 'function') return undefined;
    const reference = this.referenceTag(value, held);
    if (reference !== undefined && !speaking) {
      this.free(held);
      throw new UsageError(
        'functions, streams and references cannot be passed here: the codec speaks to strangers, who would not understand them',
      );
    }
    return reference;
  }

  private referenceTag(value: object, held: Held): Tag | undefined {
    const imported = importOf(value);
    if (imported !== undefined && imported.table === this.imports) {
      if (imported.over !== undefined) throw new UsageError(`the reference can be passed no more: ${imported.over}`);
      return ['own', imported.id];
    }
    if (typeof value === 'function') {
      const target = value as (...args: unknown[]) => unknown;
      return ['fn', this.hold(value, held, () => calleeOf(target))];
    }
    const side = sideOf(value);
    if (side !== undefined) return ['ref', this.hold(value, held, () => side.callee), side.members];
    const methods = imported === undefined ? methodsOf(value) : Object.keys(value);
    if (methods !== undefined) {
      return ['ref', this.hold(value, held, () => methodsCallee(value, methods)), methods];
    }
    return isStream(value) ? ['stream', this.offered(value, held)] : undefined;
  }

  private offered(source: object, { streams }: Held): number {
    if (streams === undefined) {
      throw new UsageError(
        'a stream is passed as an argument of a request: nothing else says how long it may be asked for',
      );
    }
    const n = offer(this.session, source);
    streams.push(n);
    return n;
  }

  private hold(target: object, { exports }: Held, callee: () => Export['callee']): number {
    const exported = this.exports.hold(target, callee);
    exports.push(exported);
    return exported.id;
  }

  // ---- what comes ---------------------------------------------------------------------------------------------------

  /**
   * The values of a message that was announced as tagged, and what ends what has come with it. `method` is for texts. Throws
   * what `revived` throws, and a ProtocolError for more references than may be held.
   */
  inward(values: unknown, hold: Hold, method: string): { values: unknown } & Passed {
    const come = new Map<Import, object>();
    const end = (): void => {
      const ended = [...come.keys()];
      come.clear();
      if (hold === 'result') return;
      for (const imported of ended) this.imports.leave(imported, method, hold === 'notification');
    };
    try {
      return { values: revived(values, (tag, payload) => this.revive(tag, payload, hold, come)), end };
    } catch (error) {
      for (const imported of come.keys()) this.imports.leave(imported, method, hold !== 'call');
      throw error;
    }
  }

  /** A call that was announced as tagged, with its arguments as they are meant. Throws as `inward`. */
  taken(call: Call): Call {
    const hold = call.id === undefined ? 'notification' : 'call';
    const { values, end } = this.inward(call.args, hold, call.method);
    return { ...call, args: values as unknown[], passed: { end } };
  }

  /** What has come goes to nobody: what was passed with it is released. */
  refuse(values: unknown): void {
    this.inward(values, 'notification', 'an answer that came too late').end();
  }

  private revive(tag: string, payload: readonly unknown[], hold: Hold, come: Map<Import, object>): unknown {
    const [id, members] = payload;
    switch (tag) {
      case 'own':
        return this.exports.at(id).target;
      case 'fn':
      case 'ref':
        return this.take(id, hold, come, tag === 'fn' ? functionStub : (imported) => objectStub(imported, members));
      case 'stream':
        return take(this.session, id as number);
      default:
        return this.session.host.values.revive(tag, payload);
    }
  }

  private take(id: unknown, hold: Hold, come: Map<Import, object>, make: (imported: Import) => object): object {
    const { imported, stub } = this.imports.take(id, make);
    // One that comes twice in a message is held once.
    if (come.has(imported)) return stub;
    come.set(imported, stub);
    if (hold !== 'result') imported.scopes++;
    // The sender holds it for each time that it was a result: one of them is given back at once.
    else if (imported.kept) this.session.tell(RELEASE, [imported.id]);
    else imported.kept = true;
    return stub;
  }

  // ---- what the peer says of them -----------------------------------------------------------------------------------

  keep(id: unknown): void {
    this.exports.keep(id);
  }

  release(id: unknown): void {
    this.exports.release(id);
  }

  /** The peer calls something that was passed to it. */
  call(sender: CallSender): unknown {
    const [id, member, args] = sender.call.args;
    if (!Array.isArray(args) || (member !== null && typeof member !== 'string'))
      throw new ProtocolError(
        `${CALL} takes the id of a reference, the name of a method or null, and a list of arguments`,
      );
    const { callee } = this.exports.at(id);
    return serveCallback(this.session.host, sender, member, args, (given) => callee(member, given, sender));
  }

  /** The link has ended. */
  end(reason: RpcError): void {
    this.exports.clear();
    this.imports.clear(reason.message);
  }
}

/** What is said of a message, with this too: that something in it is in the tagged form. */
export function announced(about: About | undefined): About {
  return { ...about, tagged: true };
}
