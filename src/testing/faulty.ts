import { readOptions } from '../contract/address.js';
import type { Link, Transport, TransportMaker, TransportSource } from '../contract/contract.js';
import { UsageError } from '../contract/errors.js';
import { type Chances, type Fate, type FaultKind, FaultPlan } from './fault-plan.js';
import { type Direction, FaultyLink } from './faulty-link.js';
import { Random } from './random.js';

export type { Direction, FaultKind };

/** A fault that was injected. */
export interface Fault {
  readonly kind: FaultKind;
  /** The id of the peer. */
  readonly peer: string;
  readonly direction: Direction;
  /** The number of the frame on its link in this direction, from 0. */
  readonly frame: number;
}

/** The faults to inject. Probabilities are from 0 to 1, for each frame; faults that are not specified do not occur. */
export interface Faults {
  /** The same seed causes the same faults for the same frames. 1 by default. */
  readonly seed?: number;
  /** The direction of the faults, as seen from this side; both by default. */
  readonly direction?: Direction | 'both';
  /** How long frames are delayed, in milliseconds, or a range. Their order is kept. */
  readonly delay?: number | readonly [least: number, most: number];
  /** The probability that a frame is lost. */
  readonly drop?: number;
  /** The probability that a frame is delivered twice; never one that transfers objects. */
  readonly duplicate?: number;
  /** The probability that a frame loses its end; never values. */
  readonly truncate?: number;
  /**
   * The probability that a frame is swapped with the next. Only for transports that do not keep the order, such as UDP.
   */
  readonly reorder?: number;
  /** The probability that the link is cut instead of delivering a frame: both ends see it end with a reason. */
  readonly cut?: number;
  /** Cuts the link after this many frames in a direction. */
  readonly cutAfter?: number;
  /**
   * After this many frames in a direction nothing more is delivered, and the link stays up, as if it were half closed.
   */
  readonly silentAfter?: number;
  /** Called for each fault, before it is injected. */
  readonly onFault?: (fault: Fault) => void;
}

/**
 * A transport that injects faults, around any other: to test that nothing hangs, is lost or happens twice. A message to
 * everyone on a bus is not changed, nor is a call to a service; what its members send is.
 *
 * Throws a UsageError for an unknown or invalid option.
 *
 * @example
 * const chat = await Chat.connect(faulty('tcp://127.0.0.1:8888', { seed: 7, delay: [0, 20], cut: 0.01 }));
 */
export function faulty(source: TransportSource, faults: Faults): TransportMaker {
  const { seed = 1, direction = 'both', onFault, chances } = read(faults);
  return async (wire) => {
    const inner = await wire.transport(source, wire.listen);
    const open = new Map<Link, FaultyLink>();
    let links = 0;
    return around(inner, open, (link) => {
      const number = links++;
      const made: FaultyLink = new FaultyLink({
        inner: link,
        around: (other) => open.get(other) ?? other,
        plan: (way) =>
          new FaultPlan(direction === 'both' || direction === way ? chances : NONE, randomFor(seed, number, way)),
        onFate: (peer, way, frame, fate) => report(onFault, peer, way, frame, fate),
        ended: () => open.delete(link),
      });
      return made;
    });
  };
}

const NEVER = Number.POSITIVE_INFINITY;
const NONE: Chances = {
  drop: 0,
  duplicate: 0,
  truncate: 0,
  reorder: 0,
  cut: 0,
  cutAfter: NEVER,
  silentAfter: NEVER,
  delay: [0, 0],
};

/** Each direction of each link has its own, so that the results do not depend on how they interleave. */
function randomFor(seed: number, link: number, way: Direction): Random {
  return new Random(seed + Math.imul(2 * link + (way === 'in' ? 0 : 1), 0x9e3779b9));
}

function around(inner: Transport, links: Map<Link, FaultyLink>, wrap: (link: Link) => FaultyLink): Transport {
  const { broadcast, retire } = inner;
  return {
    get address() {
      return inner.address;
    },
    open: (accept) =>
      inner.open((link) => {
        const faultyLink = wrap(link);
        links.set(link, faultyLink);
        faultyLink.deliverTo(accept(faultyLink));
        return faultyLink.receiver;
      }),
    async close() {
      for (const link of links.values()) link.close();
      await inner.close();
    },
    ...(retire === undefined ? {} : { retire: () => retire.call(inner) }),
    ...(broadcast === undefined ? {} : { broadcast: (frames) => broadcast.call(inner, frames) }),
  };
}

function report(onFault: Faults['onFault'], peer: string, direction: Direction, frame: number, fate: Fate): void {
  if (onFault !== undefined) for (const kind of fate.kinds) onFault({ kind, peer, direction, frame });
}

function read(faults: Faults) {
  const address = { text: 'faulty', scheme: 'faulty', rest: '', options: { ...faults } };
  const options = readOptions(address, {
    seed: 'number',
    direction: ['in', 'out', 'both'],
    delay: 'any',
    drop: 'number',
    duplicate: 'number',
    truncate: 'number',
    reorder: 'number',
    cut: 'number',
    cutAfter: 'number',
    silentAfter: 'number',
    onFault: 'any',
  });
  const chance = (name: 'drop' | 'duplicate' | 'truncate' | 'reorder' | 'cut'): number => {
    const value = options[name] ?? 0;
    if (value >= 0 && value <= 1) return value;
    throw new UsageError(`faulty: "${name}" is a chance from 0 to 1, not ${value}`);
  };
  const count = (name: 'cutAfter' | 'silentAfter'): number => {
    const value = options[name] ?? NEVER;
    if (value >= 0) return value;
    throw new UsageError(`faulty: "${name}" is a number of frames, not ${value}`);
  };
  const chances: Chances = {
    drop: chance('drop'),
    duplicate: chance('duplicate'),
    truncate: chance('truncate'),
    reorder: chance('reorder'),
    cut: chance('cut'),
    cutAfter: count('cutAfter'),
    silentAfter: count('silentAfter'),
    delay: range(faults.delay),
  };
  return { seed: options.seed, direction: options.direction, onFault: faults.onFault, chances };
}

function range(delay: Faults['delay'] = 0): readonly [number, number] {
  const [least, most] = typeof delay === 'number' ? [delay, delay] : delay;
  if (least >= 0 && most >= least && Number.isFinite(most)) return [least, most];
  throw new UsageError(`faulty: "delay" is milliseconds, or [least, most], not ${JSON.stringify(delay)}`);
}
