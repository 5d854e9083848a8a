export { until } from './core-waiting.js';

import type { Frame, Link, Receiver, Transport, TransportSource, Wire } from '../../src/contract/contract.js';
import { makeTransport, provide } from '../../src/plugins/registry.js';
import { type WireOptions, wireFor } from '../../src/testing/transport.js';

provide({
  codecs: {},
  securities: {},
  transports: {
    memory: () => import('../../transports/memory.js'),
    mux: () => import('../../transports/mux.js'),
    reconnect: () => import('../../transports/reconnect.js'),
    process: () => import('../../transports/process.js'),
    tcp: () => import('../../transports/tcp.js'),
    worker: () => import('../../transports/worker.js'),
    ws: () => import('../../transports/ws.js'),
  },
});

/** The wire, with real transports for the parts, as the core makes them. */
export function withTransports(wire: Wire): Wire {
  const whole: Wire = {
    ...wire,
    transport: (source, listen) => makeTransport(source, { ...whole, listen }),
  };
  return whole;
}

/** One end of a link, and what it has received. */
export class Ear implements Receiver {
  readonly frames: Frame[] = [];
  readonly ends: (Error | undefined)[] = [];
  constructor(readonly link: Link) {}

  receive(frame: Frame): void {
    this.frames.push(frame);
  }

  drained(): void {}

  closed(reason?: Error): void {
    this.ends.push(reason);
  }
}

/** A transport and its links. */
export class Side {
  readonly ears: Ear[] = [];
  private constructor(readonly transport: Transport) {}

  /** Makes a transport and opens it. */
  static async open(source: TransportSource, options: WireOptions = {}): Promise<Side> {
    const side = await Side.make(source, options);
    await side.open();
    return side;
  }

  static async make(source: TransportSource, options: WireOptions = {}): Promise<Side> {
    const side = new Side(await makeTransport(source, withTransports(wireFor(options))));
    made.push(side);
    return side;
  }

  open(): Promise<void> {
    return this.transport.open((link) => {
      const ear = new Ear(link);
      this.ears.push(ear);
      return ear;
    });
  }

  /** All frames that have arrived, over any link. */
  get heard(): Frame[] {
    return this.ears.flatMap(({ frames }) => frames);
  }
}

/** A part that broadcasts, and the frames that it was passed. */
export function busPart(): { readonly heard: (readonly Frame[])[]; make(): Transport } {
  const heard: (readonly Frame[])[] = [];
  const make = (): Transport => ({
    address: 'bus:',
    open: async () => {},
    close: async () => {},
    broadcast: (frames) => void heard.push(frames),
  });
  return { heard, make };
}

const made: Side[] = [];

/** Closes every side that was made; for `afterEach`. */
export async function closeSides(): Promise<void> {
  await Promise.allSettled(made.splice(0).map((side) => side.transport.close()));
}
