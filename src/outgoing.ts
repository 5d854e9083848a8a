import { deadlineIn } from './clock.js';
import type { Frame } from './contract.js';
import { encode, mustFit } from './encode.js';
import { Code, RpcError, UsageError } from './errors.js';
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
  if (!row.request) {
    prepare(hub, row, self, receivers, args);
    notify(hub, row, receivers, args);
    return undefined;
  }
  try {
    prepare(hub, row, self, receivers, args);
    const packed = pack(row, args);
    const timeout = options?.timeout ?? row.timeout ?? hub.timeout;
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
function prepare(hub: Hub, row: Row, self: object, receivers: Receivers, args: unknown[]): void {
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

interface Packed {
  readonly args: readonly unknown[];
  readonly named: boolean;
}

/** The arguments as they travel: by name in one object, or by position. Throws a UsageError if they do not fit. */
function pack(row: Row, args: unknown[]): Packed {
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

/** An empty list of receivers is nobody, and no mistake: those who would be told have perhaps all gone. */
function notify(hub: Hub, row: Row, receivers: Receivers, given: unknown[]): void {
  const { args, named } = pack(row, given);
  const session = hub.roster.single(receivers);
  if (session !== undefined && (receivers !== null || !hub.broadcasts)) {
    session.notify(row.wire, args, named);
    return;
  }
  if (Array.isArray(receivers) && receivers.length === 0) return;
  const sessions = receivers === null ? hub.roster.everybody() : hub.roster.several(receivers);
  if (sessions.length === 0 && !hub.broadcasts) {
    hub.mustBeOpen();
    return;
  }
  const frame = encode(
    hub.codec,
    { kind: 'call', id: undefined, method: row.wire, args, named, batch: undefined },
    hub.limits.frameBytes,
  );
  if (typeof frame === 'object' && 'transfer' in frame && frame.transfer.length > 0 && sessions.length > 1) {
    throw new UsageError(`${row.path}: what is transferred can go to one receiver only, not to ${sessions.length}`);
  }
  const sealed = hub.seal(frame);
  for (const each of sessions)
    if (receivers !== null || each.link.bus !== true || !hub.broadcasts) post(hub, each, frame, sealed);
  if (receivers === null && hub.broadcasts) hub.broadcast(sealed ?? [frame]);
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
        session.ask(row.wire, args, named, { resolve, reject: fail, method: row.wire, deadline: deadlineIn(timeout) });
      } catch (error) {
        fail(error);
      }
    }
  });
}

function isNotFound(error: unknown): boolean {
  return error instanceof RpcError && error.code === Code.MethodNotFound;
}
