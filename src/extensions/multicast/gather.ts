import type { RpcEndpoint } from '../../api/endpoint.js';
import { currentCall } from '../../calls/call-context.js';
import { type Wish, wishOf } from '../../calls/outgoing-call.js';
import { packArguments, prepare } from '../../calls/outgoing-method.js';
import { UsageError } from '../../contract/errors.js';
import { mustBeOptions } from '../../contract/options-object.js';
import type { CallSender } from '../../session/peer.js';
import { callOptionsOf, checkCallOptions } from '../../spec/call-options.js';
import type { MethodDescriptor } from '../../spec/method-table.js';
import type { CallOptions, GatherOptions } from '../../types/call-options.js';
import type { Gathering } from '../../types/gathering.js';
import type { Peer, Receivers } from '../../types/peers.js';
import { middleware } from '../rooms.js';
import { AnswersOfMany, Part } from './gathered-replies.js';
import { isSlowOption } from './slow-policy.js';

/** Asks every receiver, and gives what each has answered, as it comes. It fails as a whole only if nobody can be asked. */
export function gather(
  hub: RpcEndpoint,
  row: MethodDescriptor,
  self: object,
  receivers: Receivers,
  args: unknown[],
  asked?: GatherOptions,
): Gathering<unknown> {
  const chain = hub.middleware.around(row);
  return new AnswersOfMany(row.path, (whole) => {
    if (chain !== undefined) {
      const { PartThrough } = middleware.there;
      const parts = hub.roster.each(receivers).map((session) => {
        const options = callOptionsOf(hub, row, optionsFor(asked, session.peer as Peer));
        return new PartThrough(chain, whole, hub, row, self, session, args, options);
      });
      whole.parts.push(...parts);
      for (const part of parts) part.run();
      return;
    }
    prepare(hub, row, self, receivers, args);
    const packed = packArguments(row, args);
    const wishes = wishesOf(hub, row, asked);
    const parts = hub.roster
      .each(receivers)
      .map((session) => new Part(whole, session, row.wire, wishes(session.peer as Peer)));
    whole.parts.push(...parts);
    for (const part of parts) part.send(packed);
  });
}

/** What the call to each peer is to be like: the same for all, unless the timeout differs. */
function wishesOf(hub: RpcEndpoint, row: MethodDescriptor, asked: GatherOptions = {}): (peer: Peer) => Wish {
  const { timeout, ...others } = asked;
  const options = callOptionsOf(hub, row, others);
  const limit = row.timeout ?? hub.timeout;
  const outer = (options.within as CallSender | undefined) ?? currentCall();
  const of = (time: number | undefined): Wish =>
    wishOf(time === undefined ? options : { ...options, timeout: time }, limit, outer);
  if (typeof timeout !== 'function') {
    const wish = of(timeout);
    return () => wish;
  }
  const wishes = new Map<number | undefined, Wish>();
  return (peer) => {
    const time = timeoutFor(timeout, peer);
    const wish = wishes.get(time) ?? of(time);
    wishes.set(time, wish);
    return wish;
  };
}

/** The options of the call to one of them. */
function optionsFor({ timeout, ...others }: GatherOptions = {}, peer: Peer): CallOptions {
  const time = typeof timeout === 'function' ? timeoutFor(timeout, peer) : timeout;
  return { ...others, ...(time !== undefined && { timeout: time }) };
}

function timeoutFor(timeout: (peer: Peer) => number | undefined, peer: Peer): number | undefined {
  const time = timeout(peer);
  if (time === undefined || (typeof time === 'number' && time > 0)) return time;
  throw new UsageError(
    `the option "timeout" must give a positive number of milliseconds or undefined, and for ${peer.id} it gave ${String(time)}`,
  );
}

/** Options of `gather` as they were asked for. Throws a UsageError for one that is not known or does not fit. */
export function checkGatherOptions(options: GatherOptions | undefined): GatherOptions | undefined {
  if (options === undefined) return undefined;
  mustBeOptions(options, 'the options of gather()', '{ timeout: 1_000 }');
  for (const name of Object.keys(options)) {
    if (name === 'noReply' || isSlowOption(name))
      throw new UsageError(`the option "${name}" is one of notifications, and gather() asks for answers`);
  }
  if (typeof options.timeout !== 'function') checkCallOptions(options as CallOptions);
  else {
    const { timeout: _, ...others } = options;
    checkCallOptions(others);
  }
  return options;
}
