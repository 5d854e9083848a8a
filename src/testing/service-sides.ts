import assert from 'node:assert/strict';
import type { Accept, Link, Receiver, Transport, Wire } from '../contract/contract.js';
import type { Options } from '../types/options.js';
import type { Place } from './service-ends.js';
import { type CallingSide, type ServingSide, serviceSpec } from './service-spec.js';
import { turn } from './transport-ends.js';

/** How long, in ms, something may take to happen; only a defect takes as long. */
const PATIENCE_MS = 10_000;

/** Adds a test of sides over the service. */
export type SideTest = (name: string, body: (sides: Sides, place: Place) => Promise<void>) => void;

/** The sides of one test. */
export class Sides {
  private readonly addresses: string[] = [];
  private readonly options: Options;

  constructor(private readonly place: Place) {
    this.options = { logger: null, codec: place.codec };
  }

  async serve(): Promise<ServingSide> {
    const side = await (await serviceSpec()).serve((wire) => this.place.subject.server(wire), this.options);
    this.addresses.push(side.address);
    this.place.others.push(side);
    return side;
  }

  /** Servers whose names are `0`, `1` and so on. */
  async serveAll(count: number): Promise<readonly ServingSide[]> {
    const sides: ServingSide[] = [];
    for (let n = 0; n < count; n++) {
      const side = await this.serve();
      side.who.connect(() => `${n}`);
      sides.push(side);
    }
    return sides;
  }

  /** One that calls. `around` may change its transport. */
  async connect(around: (transport: Transport) => Transport = (transport) => transport): Promise<CallingSide> {
    const addresses = [...this.place.addresses, ...this.addresses];
    const { subject, others } = this.place;
    const make = async (wire: Wire): Promise<Transport> => around(await subject.client(wire, addresses));
    const side = await (await serviceSpec()).invert().connect(make, this.options);
    others.unshift(side);
    return side;
  }
}

/** A transport whose receivers are known to `look`. */
export function watched(transport: Transport, look: (receiver: Receiver, link: Link) => void): Transport {
  const open = (accept: Accept): Promise<void> =>
    transport.open((link) => {
      const receiver = accept(link);
      look(receiver, link);
      return receiver;
    });
  return Object.create(transport, { open: { value: open } }) as Transport;
}

/** Handlers that wait until the test lets them answer. */
export class Waiting {
  private readonly open = new Map<number, () => void>();
  readonly aborted: number[] = [];

  constructor(side: ServingSide) {
    side.wait.connect(
      ({ signal }, { n }) =>
        new Promise((resolve, reject) => {
          this.open.set(n, () => resolve(`waited ${n}`));
          signal.addEventListener('abort', () => {
            this.open.delete(n);
            this.aborted.push(n);
            reject(new Error('aborted'));
          });
        }),
    );
  }

  /** The numbers of the calls that wait. */
  get calls(): number[] {
    return [...this.open.keys()];
  }

  release(): void {
    for (const [n, end] of [...this.open]) {
      this.open.delete(n);
      end();
    }
  }
}

/** Makes attempts until one of them succeeds. */
export async function attempts(what: string, attempt: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !(await attempt()); await turn())
    assert.ok(performance.now() < end, `waited ${PATIENCE_MS} ms for ${what}`);
}

/** What a call rejects with; undefined if it is answered. */
export async function failure(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  return undefined;
}
