import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import type { AddressObject } from '../../src/contract/contract.js';
import { isPermanent } from '../../src/contract/permanent.js';
import { wireFor } from '../../src/testing/transport.js';
import natsTransport from '../../transports/nats.js';
import { failure } from '../support/core-waiting.js';
import { type Engine, freePort } from '../support/engines.js';
import { nats, startNats } from '../support/nats-server.js';
import { closeEnds, NatsEnd } from './ends.js';

const make = (source: string | AddressObject, listen = false) =>
  natsTransport(parseAddress(source), wireFor({ listen }));

describe('addresses of NATS', () => {
  it.each([
    'nats:orders',
    'nats://127.0.0.1:4222',
    'nats://127.0.0.1:4222/',
    'nats:///orders',
    'nats://a:b:c/orders',
    'nats://ann:secret@/orders',
  ])('%s lacks a host or a subject', (url) =>
    expect(() => make(url)).toThrow(/has hosts and a subject, as in nats:\/\/127.0.0.1:4222\/orders/),
  );

  it.each(['orders?', 'orders?beat=1&', 'a?b c'])(
    '%s has something else than options behind a question mark',
    (subject) =>
      expect(() => make(`nats://127.0.0.1/${subject}`)).toThrow(
        /expected options behind the question mark|is not a subject/,
      ),
  );
  it.each(['orders.*', 'orders.>', 'orders..new', 'orders.new items'])('%s is not a subject', (subject) =>
    expect(() => make(`nats://127.0.0.1/${subject}`)).toThrow(/is not a subject: expected words separated by dots/),
  );

  it.each<[AddressObject, RegExp]>([
    [{ url: 'nats://h/orders', queu: 'a' }, /has no option "queu"; did you mean queue\?/],
    [{ url: 'nats://h/orders', queue: 'a' }, /"queue" is for the side that serves/],
    [{ url: 'nats://h/orders', discover: false }, /"discover" is for the side that serves/],
    [{ url: 'nats://h/orders', beat: 0 }, /"beat" must be a positive number of ms up to 60000, not 0/],
    [{ url: 'nats://h/orders', beat: 60_001 }, /"beat" must be a positive number of ms up to 60000, not 60001/],
    [{ url: 'nats://h/orders', forget: -1 }, /"forget" must be a positive number, not -1/],
    [{ url: 'nats://h/orders', inboxPrefix: 'orders.inbox' }, /"inboxPrefix" must not begin with .* "orders.inbox"/],
    [{ url: 'nats://h/orders', credentials: 7 }, /"credentials" must be the path of a credentials file/],
    [{ url: 'nats+wss://h/orders' }, /is for pages in browsers/],
    [{ url: 'nats://h/orders', steam: 'JOBS' }, /has no option "steam"; did you mean stream\?/],
    [{ url: 'nats://h/orders', inFlight: 3 }, /"inFlight" is for a stream, and needs the option "stream"/],
  ])('%o is refused', (source, text) => expect(() => make(source)).toThrow(text));

  it('refuses a queue with a space, and values', () => {
    expect(() => make('nats://h/orders?queue=a b', true)).toThrow(/must be a word without spaces, not "a b"/);
    const onWire = wireFor({ form: 'values' });
    expect(() => natsTransport(parseAddress('nats://h/orders'), onWire)).toThrow(/carries text or bytes, not values/);
  });

  it('shows no user, password or token', () => {
    for (const url of ['nats://ann:secret@h:4222,i/orders', 'nats://secret@h:4222,i/orders?pass=secret']) {
      expect(make(url).address).toBe('nats://h:4222,i/orders');
    }
    expect(String(failed(() => make('nats://ann:secret@h/orders.*')))).not.toContain('secret');
  });

  it('rejects open if there is no server, and can be closed before it is open', async () => {
    const end = NatsEnd.make(`nats://ann:secret@127.0.0.1:${await freePort()}/orders`);
    const error = await failure(end.open());
    expect(error).toMatchObject({
      name: 'ConnectionLost',
      message: expect.stringMatching(
        /^cannot connect to nats:\/\/127.*refused; no server listens there: start it, or check/,
      ),
    });
    expect(error.message).not.toContain('secret');
    const closed = NatsEnd.make('nats://127.0.0.1:1/orders');
    await closed.transport.close();
    expect((await failure(closed.open())).message).toMatch(/was closed before it was open/);
  });
});

describe.skipIf(nats.absent)(`a NATS server${nats.why}`, () => {
  let engine: Engine | undefined;
  let client: NatsConnection | undefined;
  afterEach(async () => {
    await client?.close();
    await closeEnds();
    await engine?.end();
    engine = undefined;
  });

  it('takes user and password from the address or from options, and refuses others for good', async () => {
    engine = await startNats({ args: ['--user', 'ann', '--pass', 'se:cr@t'] });
    const at = `127.0.0.1:${engine.port}/orders`;
    await NatsEnd.open(`nats://ann:${encodeURIComponent('se:cr@t')}@${at}`);
    await NatsEnd.open({ url: `nats://${at}`, user: 'ann', pass: 'se:cr@t' });
    const error = await failure(NatsEnd.open(`nats://ann:wrong@${at}`));
    expect(error.message).toMatch(/Authorization Violation/i);
    expect(isPermanent(error)).toBe(true);
  });

  it('takes a token', async () => {
    engine = await startNats({ args: ['--auth', 'abc'] });
    await NatsEnd.open(`nats://abc@127.0.0.1:${engine.port}/orders`);
    await NatsEnd.open({ url: `nats://127.0.0.1:${engine.port}/orders`, token: 'abc' });
    await failure(NatsEnd.open(`nats://127.0.0.1:${engine.port}/orders`));
  });

  it('connects to the first of several servers that is there', async () => {
    engine = await startNats();
    const address = `nats://127.0.0.1:${await freePort()},127.0.0.1:${engine.port}/orders`;
    expect((await NatsEnd.open(address)).transport.address).toBe(address);
  });

  it('answers the service discovery of NATS, and not without the option', async () => {
    engine = await startNats();
    const url = `nats://127.0.0.1:${engine.port}/orders.new`;
    const end = await NatsEnd.open(url, { listen: true });
    client = await connect({ servers: `127.0.0.1:${engine.port}` });
    const ask = async (subject: string) => (await client!.request(subject)).json<Record<string, unknown>>();
    const ping = await ask('$SRV.PING');
    expect(ping).toMatchObject({ type: 'io.nats.micro.v1.ping_response', name: 'orders_new', version: '0.0.0' });
    expect(await ask('$SRV.INFO.orders_new')).toMatchObject({
      type: 'io.nats.micro.v1.info_response',
      endpoints: [{ name: 'orders_new', subject: 'orders.new', queue_group: 'workers' }],
      metadata: { library: 'obverse', beat: '1000' },
    });
    client.publish('orders.new', 'x', { reply: 'nowhere' });
    expect(await ask(`$SRV.STATS.orders_new.${ping.id}`)).toMatchObject({
      type: 'io.nats.micro.v1.stats_response',
      endpoints: [{ num_requests: 1 }],
    });
    await end.transport.retire?.();
    await NatsEnd.open(`${url}?discover=off`, { listen: true });
    expect(await failure(client.request('$SRV.PING'))).toBeTruthy();
  });
});

function failed(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('expected an error');
}
