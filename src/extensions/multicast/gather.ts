import type { RpcEndpoint } from '../../api/endpoint.js';
import { packArguments } from '../../calls/arguments.js';
import { type CallSettings, settingsOf } from '../../calls/call-settings.js';
import { prepare } from '../../calls/sending.js';
import { UsageError } from '../../contract/errors.js';
import { mustBeOptions } from '../../contract/options-object.js';
import { callOptionsOf, checkCallOptions } from '../../spec/call-options.js';
import type { MethodDescriptor } from '../../spec/method-table.js';
import type { CallOptions, GatherOptions } from '../../types/call-options.js';
import type { Gathering } from '../../types/gathering.js';
import type { Peer, Receivers } from '../../types/peers.js';
import { GatherPart, LayeredPart } from './gather-parts.js';
import { GatheredReplies } from './gathered-replies.js';
import { isSlowOption } from './slow-policy.js';

/** Sends a request to every receiver, and returns their replies as they come. It fails as a whole only if there is no receiver. */
export function gather(
  side: RpcEndpoint,
  method: MethodDescriptor,
  self: object,
  receivers: Receivers,
  args: unknown[],
  options?: GatherOptions,
): Gathering<unknown> {
  const layered = side.layers.outgoing?.get(method);
  return new GatheredReplies(method.path, (whole) => {
    if (layered !== undefined) {
      const parts = side.peerRegistry.each(receivers).map((session) => {
        const own = callOptionsOf(side, method, optionsFor(options, session.peer as Peer));
        return new LayeredPart(layered, whole, side, method, self, session, args, own);
      });
      whole.parts.push(...parts);
      for (const part of parts) part.run();
      return;
    }
    prepare(side, method, self, receivers, args);
    const packed = packArguments(method, args);
    const settings = settingsFor(side, method, options);
    const parts = side.peerRegistry
      .each(receivers)
      .map((session) => new GatherPart(whole, session, method.wire, settings(session.peer as Peer)));
    whole.parts.push(...parts);
    for (const part of parts) part.send(packed);
  });
}

/** The settings of the call to each peer: the same for all, unless the timeout differs. */
function settingsFor(
  side: RpcEndpoint,
  method: MethodDescriptor,
  given: GatherOptions = {},
): (peer: Peer) => CallSettings {
  const { timeout, ...others } = given;
  const options = callOptionsOf(side, method, others);
  const limit = method.timeout ?? side.timeout;
  const of = (time: number | undefined): CallSettings =>
    settingsOf(time === undefined ? options : { ...options, timeout: time }, limit);
  if (typeof timeout !== 'function') {
    const same = of(timeout);
    return () => same;
  }
  const byTimeout = new Map<number | undefined, CallSettings>();
  return (peer) => {
    const time = timeoutFor(timeout, peer);
    const settings = byTimeout.get(time) ?? of(time);
    byTimeout.set(time, settings);
    return settings;
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
