import type { Transport, TransportSource, Wire } from '../../../src/contract/contract.js';
import { UsageError } from '../../../src/contract/errors.js';
import { type MuxPart, MuxTransport, Part } from './transport.js';

/** A mux that can be changed: passed to a side as its `transport`, it adds and removes parts while that side runs. */
export interface Mux {
  /** Makes the transport; called by the side. Throws a UsageError while another side uses this mux. */
  (wire: Wire): Transport;
  /** The current parts, including those that are being opened. */
  readonly parts: readonly MuxPart[];
  /**
   * Adds a part, and opens it if the side is open or being opened; resolves when it is open. If it cannot be opened,
   * the promise rejects with its error, and the other parts stay.
   */
  add(source: TransportSource): Promise<MuxPart>;
  /**
   * Removes a part: the part itself, or the first one that was added as this source. Its links end; resolves when
   * everything is released. Rejects with a UsageError if there is no such part.
   */
  remove(part: MuxPart | TransportSource): Promise<void>;
}

/**
 * Several transports as one, with parts that can be added and removed at run time. Without parts it is open and reaches
 * no peer.
 *
 * @example const transport = mux('tcp://127.0.0.1:8888', 'stdio:'); const chat = await Chat.serve(transport); const web = await
 * transport.add('ws://127.0.0.1:0'); await transport.remove('stdio:');
 */
export function mux(...sources: readonly TransportSource[]): Mux {
  const parts = sources.map((source) => new Part(source));
  let current: MuxTransport | undefined;

  const make = (wire: Wire): Transport => {
    if (current !== undefined && !current.closed) {
      throw new UsageError('this mux is the transport of another side; make one for each side');
    }
    current = new MuxTransport(parts, wire);
    return current;
  };

  const takeOut = (part: Part): void => {
    parts.splice(parts.indexOf(part), 1);
  };

  const add = async (source: TransportSource): Promise<MuxPart> => {
    const part = new Part(source);
    parts.push(part);
    try {
      await current?.start(part);
    } catch (error) {
      if (parts.includes(part)) takeOut(part);
      throw error;
    }
    return part;
  };

  const remove = async (which: MuxPart | TransportSource): Promise<void> => {
    const part = parts.find((each) => each === which) ?? parts.find(({ source }) => source === which);
    if (part === undefined) {
      const known = parts.map(({ address }) => address).join(', ');
      throw new UsageError(`this mux has no such part; ${known === '' ? 'it has none' : `there are ${known}`}`);
    }
    takeOut(part);
    await current?.stop(part);
  };

  return Object.defineProperties(make, {
    parts: { get: () => [...parts] },
    add: { value: add },
    remove: { value: remove },
  }) as Mux;
}
