import { afterEach, beforeAll } from 'vitest';
import { WebSocket, type WebSocketServer } from 'ws';
import { parseAddress } from '../../src/contract/address.js';
import type {
  AddressObject,
  Form,
  Limits,
  Link,
  Logger,
  Receiver,
  Transport,
  Wire,
} from '../../src/contract/contract.js';
import { wireFor } from '../../src/testing/transport.js';
import browser from '../../transports/ws.browser.js';
import ws from '../../transports/ws.js';
import { until } from './core-waiting.js';
import { RawClient } from './ws-raw.js';

export { until };

/** Settings for a side of a test. */
export interface SideOptions {
  readonly codec?: string;
  readonly hello?: boolean;
  readonly form?: Form;
  readonly limits?: Partial<Limits>;
  readonly logger?: Logger;
}

/** One end of a link, and what it has received. */
export class Ear implements Receiver {
  readonly frames: unknown[] = [];
  readonly ends: (Error | undefined)[] = [];
  constructor(readonly link: Link) {}

  receive(frame: unknown): void {
    this.frames.push(frame instanceof Uint8Array ? Buffer.from(frame).toString('hex') : frame);
  }

  drained(): void {}

  closed(reason?: Error): void {
    this.ends.push(reason);
  }

  /** Resolves with the requested number of frames. */
  async heard(count: number): Promise<unknown[]> {
    await until(() => this.frames.length >= count || this.ends.length > 0);
    return this.frames;
  }

  /** Resolves with the reason of the end. */
  async ended(): Promise<Error | undefined> {
    await until(() => this.ends.length > 0);
    return this.ends[0];
  }
}

/** A transport and its links, in the order in which they were accepted. */
export class Side {
  readonly ears: Ear[] = [];
  constructor(readonly transport: Transport) {}

  async open(): Promise<this> {
    opened.push(this);
    await this.transport.open((link) => {
      const ear = new Ear(link);
      this.ears.push(ear);
      return ear;
    });
    return this;
  }

  get address(): string {
    return this.transport.address;
  }

  async ear(at = 0): Promise<Ear> {
    await until(() => this.ears.length > at);
    return this.ears[at]!;
  }
}

const opened: Side[] = [];

/** Closes every side that was opened; for `afterEach`. */
export async function closeSides(): Promise<void> {
  await Promise.all(opened.splice(0).map((side) => side.transport.close()));
}

/** A wire with the codec `jrpc`. */
export function wire(options: SideOptions & { readonly listen?: boolean } = {}): Wire {
  return wireFor({ codec: 'jrpc', ...options });
}

/** An open server; at a free port by default. */
export function serve(address: string | AddressObject = 'ws://127.0.0.1:0', options: SideOptions = {}): Promise<Side> {
  return new Side(ws(parseAddress(address), wire({ ...options, listen: true }))).open();
}

/**
 * An open client with the package `ws`, unless the address specifies otherwise: the WebSocket of a later runtime cannot
 * stop reading, and never reports why a handshake failed.
 */
export function connect(address: string | AddressObject, options: SideOptions = {}): Promise<Side> {
  const source = typeof address === 'string' ? { url: address } : address;
  return new Side(ws(parseAddress({ client: 'ws', ...source }), wire(options))).open();
}

/** An open client that has only the standard WebSocket. */
export function connectStandard(address: string | AddressObject, options: SideOptions = {}): Promise<Side> {
  return new Side(browser(parseAddress(address), wire(options))).open();
}

/** Gives the WebSocket of the package `ws` to a runtime that has none. */
export function lendWebSocket(): void {
  beforeAll(() => {
    (globalThis as { WebSocket?: unknown }).WebSocket ??= WebSocket;
  });
}

/** An Obverse server and a client of bare bytes. */
export async function visited(options: SideOptions = {}): Promise<{ raw: RawClient; ear: Ear }> {
  const server = await serve(undefined, options);
  const raw = await RawClient.dial(server.address);
  return { raw, ear: await server.ear() };
}

/** A list for other servers: they are closed after each test. */
export function otherServers(): WebSocketServer[] {
  const servers: WebSocketServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    }
  });
  return servers;
}
