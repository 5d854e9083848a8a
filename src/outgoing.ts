import { callWith, isNotFound } from './calling.js';
import { sayingAbout } from './calls.js';
import { deadlineIn, now } from './clock.js';
import type { About, Call, Frame } from './contract.js';
import { current } from './deadline.js';
import { encode, mustFit } from './encode.js';
import { UsageError } from './errors.js';
import type { Hub } from './hub.js';
import type { Pair } from './sealing.js';
import type { Session } from './session.js';
import type { Row } from './table.js';
import { isThenable } from './thenable.js';
import type { CallOptions, Gathered, Peer, Receivers } from './types.js';

/** Calls what a row describes: a notification gives nothing and may throw, a request gives a promise and never throws. */
export function call(
  hub: Hub,
  row: Row,
  self: object,
  receivers: Receivers,
  args: unknown[],
  options?: CallOptions,
): unknown {
  if (options !== undefined || row.defaults !== undefined || hub.defaults !== undefined || current() !== undefined)
    return callWith(hub, row, self, receivers, args, options);
  if (!row.request) {
    prepare(hub, row, self, receivers, args);
    notify(hub, row, receivers, pack(row, args));
    return undefined;
  }
  try {
    prepare(hub, row, self, receivers, args);
    const packed = pack(row, args);
    const timeout = row.timeout ?? hub.timeout;
    const session = hub.roster.single(receivers);
    if (session !== undefined) return session.request(row.wire, packed.args, packed.named, timeout);
    return first(row, hub.roster.several(receivers), packed, timeout);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Asks every receiver, and gives what each has answered. Rejects only if nobody can be asked. */
export async function gather(
  hub: Hub,
  row: Row,
  self: object,
  receivers: Receivers,
  args: unknown[],
  options?: CallOptions,
): Promise<Gathered<unknown>[]> {
  prepare(hub, row, self, receivers, args);
  const packed = pack(row, args);
  const timeout = options?.timeout ?? row.timeout ?? hub.timeout;
  return Promise.all(
    hub.roster.each(receivers).map(async (session): Promise<Gathered<unknown>> => {
      const peer = session.peer as Peer;
      try {
        return {
          peer,
          status: 'fulfilled',
          value: await session.request(row.wire, packed.args, packed.named, timeout),
        };
      } catch (reason) {
        return { peer, status: 'rejected', reason: reason as Error };
      }
    }),
  );
}

/** The receivers are checked, and the body runs: what it throws stops the call. */
export function prepare(hub: Hub, row: Row, self: object, receivers: Receivers, args: unknown[]): void {
  if (receivers === undefined)
    throw new UsageError(
      `${row.path}: the first argument is the receivers: null for every peer, a peer, its id, or several`,
    );
  if (hub.inverted) return;
  const given = row.body.call(self, receivers, ...args) as unknown;
  if (!isThenable(given)) return;
  given.then(undefined, () => {});
  throw new UsageError(`the body of ${row.path} is async, and so cannot stop what is sent: check without waiting`);
}

/** Arguments as they travel. */
export interface Packed {
  readonly args: readonly unknown[];
  readonly named: boolean;
}

/** The arguments as they travel: by name in one object, or by position. Throws a UsageError if they do not fit. */
export function pack(row: Row, args: unknown[]): Packed {
  const { params } = row;
  if (params !== undefined) {
    if (args.length > params.length)
      throw new UsageError(`${row.path} takes ${params.length} arguments (${params.join(', ')}), not ${args.length}`);
    const named: Record<string, unknown> = {};
    for (const [at, value] of args.entries()) if (value !== undefined) named[params[at] as string] = value;
    return { args: [named], named: true };
  }
  if (row.positional) {
    // What is left out at the end does not travel: in JSON it would be null.
    let { length } = args;
    while (length > 0 && args[length - 1] === undefined) length--;
    return { args: args.slice(0, length), named: false };
  }
  const [only] = args;
  if (args.length > 1 || (only !== undefined && (typeof only !== 'object' || only === null || Array.isArray(only)))) {
    throw new UsageError(
      `${row.path} takes one object, whose fields are the arguments, not ${args.length > 1 ? `${args.length} values` : String(only)}`,
    );
  }
  return only === undefined ? { args: [], named: false } : { args, named: true };
}

/** Tells the receivers. An empty list of them is nobody, and no mistake: those who would be told have perhaps all gone. */
export function notify(hub: Hub, row: Row, receivers: Receivers, { args, named }: Packed, about?: About): void {
  const session = hub.roster.single(receivers);
  if (session !== undefined && (receivers !== null || !hub.broadcasts)) {
    session.notify(row.wire, args, named, about);
    return;
  }
  if (Array.isArray(receivers) && receivers.length === 0) return;
  const sessions = receivers === null ? hub.roster.everybody() : hub.roster.several(receivers);
  if (sessions.length === 0 && !hub.broadcasts) {
    hub.mustBeOpen();
    return;
  }
  const call: Call = { kind: 'call', id: undefined, method: row.wire, args, named, batch: undefined };
  const frame = encode(hub.codec, call, hub.limits.frameBytes);
  if (typeof frame === 'object' && 'transfer' in frame && frame.transfer.length > 0 && sessions.length > 1) {
    throw new UsageError(`${row.path}: what is transferred can go to one receiver only, not to ${sessions.length}`);
  }
  const saying = about && sayingAbout(hub, { call: null, ...about });
  const everyone = saying === undefined ? frame : hub.codec.join?.([saying, frame]);
  for (const message of saying === undefined ? [frame] : [saying, frame]) {
    const sealed = hub.seal(message);
    for (const each of sessions)
      if (receivers !== null || each.link.bus !== true || !hub.broadcasts) post(hub, each, message, sealed);
  }
  if (receivers === null && hub.broadcasts) hub.broadcast(hub.seal(everyone ?? frame) ?? [everyone ?? frame]);
}

/** One peer that cannot take it harms no other. */
function post(hub: Hub, session: Session, frame: Frame, sealed: Pair | Promise<Pair> | undefined): void {
  if (session.over !== undefined) return;
  try {
    const { maxFrame } = session.link;
    if (maxFrame !== undefined) mustFit(frame, maxFrame);
    if (sealed === undefined) session.post(frame);
    else session.sealing?.postSealed(sealed);
  } catch (error) {
    hub.trouble(session, error);
  }
}

/** The first success of several receivers, or else what they failed with: that nobody has the method only if all say so. */
function first(row: Row, sessions: readonly Session[], { args, named }: Packed, timeout: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let left = sessions.length;
    let failure: unknown;
    const fail = (error: unknown): void => {
      if (failure === undefined || isNotFound(failure)) failure = error;
      if (--left === 0) reject(failure);
    };
    for (const session of sessions) {
      try {
        session.ask(row.wire, args, named, {
          resolve,
          reject: fail,
          method: row.wire,
          deadline: deadlineIn(timeout),
          since: now(),
        });
      } catch (error) {
        fail(error);
      }
    }
  });
}
