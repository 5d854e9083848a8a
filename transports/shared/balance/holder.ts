import type { Transport, TransportSource, Wire } from '../../../src/contract/contract.js';
import { UsageError } from '../../../src/contract/errors.js';
import { type BalanceBy, planOf } from './address.js';
import { type BalancePart, Part } from './part.js';
import { BalanceTransport } from './transport.js';

/** Options of `balance()`. */
export interface BalanceOptions {
  /** Which part gets a call: `turn`, each of those that are up in turn (the default), or `pending`, the one with the fewest pending calls. */
  readonly by?: BalanceBy | undefined;
  /**
   * In milliseconds, how long to wait before a part that is down is dialed again: a random time up to the first number, doubled with each
   * attempt up to the second, `[100, 10_000]` by default; one number is always the same time.
   */
  readonly delay?: number | readonly [first: number, longest: number] | undefined;
}

/** Several servers behind one client, of which parts can be added and removed: passed to `connect` as the transport. */
export interface Balance {
  /** Makes the transport; called by the side. Throws a UsageError while another side uses this balance, and for a side that serves. */
  (wire: Wire): Transport;
  /** The current parts. */
  readonly parts: readonly BalancePart[];
  /**
   * Adds a part, and dials it if the side is open. It gets calls as soon as it is up; if it cannot be reached, it is dialed again as any part.
   * Resolves when its options are read. Rejects with a UsageError for options that do not fit: then it is not added.
   */
  add(source: TransportSource): Promise<BalancePart>;
  /**
   * Removes a part: the part itself, or the first one that was added as this source. It gets no new calls; its open calls finish, then its link
   * ends. Resolves when everything is released. Rejects with a UsageError if there is no such part.
   */
  remove(part: BalancePart | TransportSource): Promise<void>;
}

/**
 * Several servers behind one client: each call goes to one of those that are up. Without parts, calls reject until one is added. Throws a
 * UsageError for an option that does not exist or does not fit.
 *
 * @example const servers = balance(['tcp://10.0.0.1:8888', 'tcp://10.0.0.2:8888']); const chat = await Chat.invert().connect(servers); await
 * servers.add('tcp://10.0.0.3:8888');
 */
export function balance(sources: readonly TransportSource[], options: BalanceOptions = {}): Balance {
  if (!Array.isArray(sources))
    throw new UsageError("balance() expects a list of transports, as in balance(['tcp://a:1', 'tcp://b:1'])");
  const plan = planOf(options);
  const parts = sources.map((source: TransportSource) => new Part(source));
  let current: BalanceTransport | undefined;

  const make = (wire: Wire): Transport => {
    mustDial(wire);
    if (current !== undefined && !current.closed)
      throw new UsageError('this balance is the transport of another side; make one for each side');
    current = new BalanceTransport(parts, plan, wire);
    return current;
  };

  const takeOut = (part: Part): void => {
    const at = parts.indexOf(part);
    if (at >= 0) parts.splice(at, 1);
  };

  const add = async (source: TransportSource): Promise<BalancePart> => {
    const part = new Part(source);
    parts.push(part);
    try {
      await current?.start(part);
    } catch (error) {
      takeOut(part);
      throw error;
    }
    return part;
  };

  const remove = async (which: BalancePart | TransportSource): Promise<void> => {
    const part = parts.find((each) => each === which) ?? parts.find(({ source }) => source === which);
    if (part === undefined) {
      const known = parts.map(({ address }) => address).join(', ');
      throw new UsageError(`this balance has no such part; ${known === '' ? 'it has none' : `there are ${known}`}`);
    }
    takeOut(part);
    await current?.remove(part);
  };

  return Object.defineProperties(make, {
    parts: { get: () => [...parts] },
    add: { value: add },
    remove: { value: remove },
  }) as Balance;
}

/** Throws a UsageError for a side that serves. */
export function mustDial({ listen }: Wire): void {
  if (listen)
    throw new UsageError(
      'balance: is for the side that connects: serve each address by itself, or several of one process at once, as in mux:(a)(b)',
    );
}
