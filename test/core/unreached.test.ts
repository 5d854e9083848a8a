import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionLost, incoming, RemoteAPI, type Sender } from '../../src/index.js';
import { failure } from '../support/core-waiting.js';
import { freePort } from '../support/engines.js';

class Desk extends RemoteAPI {
  @incoming note(_sender: Sender, _text: { text: string }): void {}
}
const limits = { connectMs: 1_000 };
const options = { logger: null, limits } as const;

/** An address of each transport, at a port of this machine that nobody listens on. */
const addresses: Readonly<Record<string, (port: number) => string>> = {
  tcp: (port) => `tcp://127.0.0.1:${port}`,
  'tcp with an unknown host': (port) => `tcp://nowhere.invalid:${port}`,
  tls: (port) => `tls://127.0.0.1:${port}`,
  unix: (port) => `unix:${join(tmpdir(), `nobody-${port}.sock`)}`,
  ws: (port) => `ws://127.0.0.1:${port}/desk`,
  wss: (port) => `wss://127.0.0.1:${port}/desk`,
  memory: (port) => `memory:nobody-${port}`,
  process: (port) => `process:${join(tmpdir(), `no-program-${port}`)}`,
  nats: (port) => `nats://127.0.0.1:${port}/desk`,
  'a stream of nats': (port) => `nats://127.0.0.1:${port}/desk?stream=DESK`,
  postgres: (port) => `postgres://127.0.0.1:${port}/desk?queue=desk`,
  zmq: (port) => `zmq+tcp://127.0.0.1:${port}`,
  mux: (port) => `mux:(tcp://127.0.0.1:${port})`,
  balance: (port) => `balance:(tcp://127.0.0.1:${port})`,
  reconnect: (port) => `reconnect+tcp://127.0.0.1:${port}`,
  discover: (port) => `discover:desk?group=239.255.79.66:${port}&interface=127.0.0.1`,
};

describe('connect and changeTransport, where nobody is', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  it.each(Object.keys(addresses))(
    'reject with an error by which certainly nothing was carried out: %s',
    async (name) => {
      const url = addresses[name]!(await freePort());
      const error = await failure(Desk.invert().connect(url, options));
      expect(error).toBeInstanceOf(ConnectionLost);
      expect((error as ConnectionLost).maybeExecuted).toBe(false);
      expect(error.message).not.toBe('');
      const server = await Desk.serve('tcp://127.0.0.1:0', options);
      ends.push(() => server.close());
      const client = await Desk.invert().connect(server.address, options);
      ends.push(() => client.close());
      const other = await failure(client.changeTransport(url));
      if (other instanceof ConnectionLost) expect(other.maybeExecuted).toBe(false);
    },
  );

  it('says so also where the transport does not, and never opens', async () => {
    const never = () => ({ address: 'never:', open: () => new Promise<void>(() => {}), close: async () => {} });
    const error = await failure(Desk.invert().connect(never, { ...options, limits: { connectMs: 50 } }));
    expect((error as ConnectionLost).maybeExecuted).toBe(false);
  });

  it('leaves it open where there was a link', async () => {
    const lost = new ConnectionLost('another part has failed');
    const parts = () => ({
      address: 'parts:',
      open: async (accept: (link: never) => unknown) => {
        accept({ peer: 'a', buffered: 0, send() {}, close() {}, pause() {}, resume() {} } as never);
        throw lost;
      },
      close: async () => {},
    });
    const error = await failure(Desk.invert().connect(parts as never, options));
    expect(error).toBe(lost);
    expect((error as ConnectionLost).maybeExecuted).toBe(true);
  });
});
