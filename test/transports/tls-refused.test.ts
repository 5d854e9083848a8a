import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionLost } from '../../src/index.js';
import { authority } from '../support/certificates.js';
import { failure, until } from '../support/core-waiting.js';
import { Desk, own, tlsSides, Visitor } from '../support/tls-sides.js';

const ca = authority();
const server = own(ca.issue({ name: 'server' }));
const required = { ...server, ca: ca.cert, clientCertificate: 'require' };
const trust = { ca: ca.cert, servername: 'localhost' };
const WHY = 'refused the connection: a client certificate is required: specify "cert" and "key"';

describe.each(['', 'length'])('a client without the certificate that a server requires, framing "%s"', (framing) => {
  const { serve, connect } = tlsSides();
  const framed = framing === '' ? {} : { framing };

  it('gets the reason of the server for a call at once, and for later ones', async () => {
    const { url } = await serve({ ...required, ...framed });
    const client = await connect(url.replace(/\?.*/, ''), { ...trust, ...framed });
    const first = await failure(client.remote.ask({ n: 1 }));
    expect(first).toBeInstanceOf(ConnectionLost);
    expect(first.message).toMatch(new RegExp(`^ask: 127\\.0\\.0\\.1:\\d+ ${WHY}$`));
    await until(() => client.peers.size === 0);
    const later = await failure(client.remote.ask({ n: 1 }));
    expect(later.message).toMatch(new RegExp(`^no peer is connected any more: 127\\.0\\.0\\.1:\\d+ ${WHY}$`));
    expect(later.message).not.toContain('codec');
  });
});

describe('with the option reconnect', () => {
  const { serve, connect, keep } = tlsSides();
  let stop: (() => void) | undefined;
  afterEach(() => stop?.());

  /** How the side ends: what `connect` rejects with, or what it stops dialing for. */
  async function endOf(address: string, options: object, expectWaits = 0): Promise<Error> {
    const waits: Error[] = [];
    let lost: Error | undefined;
    const side = keep(
      Visitor.create({ transport: { url: address, ...options }, reconnect: { delay: 1 }, logger: null }),
    );
    side.on('reconnecting', (_peer, { reason }) => void waits.push(reason));
    side.on('lost', (error) => {
      lost = error;
    });
    try {
      await side.open();
      await until(() => lost !== undefined);
    } catch (error) {
      lost = error as Error;
    }
    await nextTurn();
    expect(waits.length).toBe(expectWaits);
    return lost as Error;
  }

  it('a side whose certificate the server refuses stops dialing, with the reason', async () => {
    const { url } = await serve(required);
    expect((await endOf(url, trust)).message).toContain(WHY);
    const stranger = own(authority('other authority').issue({ name: 'eve' }));
    expect((await endOf(url, { ...trust, ...stranger })).message).toContain(
      'refused the connection: the client certificate is refused: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    );
  });

  it('a side that dials a server of TLS without it stops dialing', async () => {
    const { url } = await serve(server);
    expect((await endOf(url.replace('tls', 'tcp'), {})).message).toMatch(
      /^127\.0\.0\.1:\d+ refused the connection: this port expects TLS: connect with tls:$/,
    );
  });

  it('a side that does not trust its server any more stops dialing', async () => {
    const { url, port, server: first } = await serve(server);
    const client = await connect(url, trust, { reconnect: { delay: 1 } });
    expect(await client.remote.ask({ n: 1 })).toBe(2);
    let lost: Error | undefined;
    client.on('lost', (error) => {
      lost = error;
    });
    await first.close();
    const other = own(authority('other authority').issue({ name: 'another' }));
    const second = keep(await Desk.serve({ url: `tls://127.0.0.1:${port}`, ...other }, { logger: null }));
    expect(second.address).toBe(url);
    await until(() => lost !== undefined);
    expect(lost?.message).toContain('was issued by an authority that this side does not trust');
  });
});

it('a peer that ends its side of the link is the one that has ended it', async () => {
  const { createServer } = await import('node:net');
  const listening = createServer((socket) => socket.resume().end()).listen(0, '127.0.0.1');
  await new Promise((resolve) => listening.once('listening', resolve));
  const { port } = listening.address() as import('node:net').AddressInfo;
  const client = await Visitor.connect(`tcp://127.0.0.1:${port}`, { logger: null });
  await until(() => client.peers.size === 0);
  const error = await failure(client.remote.ask({ n: 1 }));
  expect(error.message).toMatch(/^no peer is connected any more: 127\.0\.0\.1:\d+ has ended its side of the link/);
  await client.close();
  listening.close();
});
