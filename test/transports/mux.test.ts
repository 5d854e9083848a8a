import { afterEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import type { Transport, Wire } from '../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { testTransport } from '../../src/testing/transport.js';
import mux from '../../transports/mux.js';
import { splitParts } from '../../transports/shared/mux/address.js';
import { busPart, closeSides, Side, until, withTransports } from '../support/mux-wire.js';

const LISTEN = { listen: true };
const partsOf = (address: string): string[] => splitParts(address.slice('mux:'.length));

// The package `ws` can stop reading, as the suite requires; the WebSocket of a later runtime cannot.
for (const [at, { name, ...options }] of [{ name: 'tcp' }, { name: 'ws', client: 'ws' }].entries()) {
  testTransport(
    { describe, it },
    {
      name: `mux of tcp and ws, visited by ${name}`,
      first: (wire) => mux(parseAddress('mux:(tcp://127.0.0.1:0)(ws://127.0.0.1:0)'), withTransports(wire)),
      second: (wire, address) =>
        mux(parseAddress({ url: 'mux:', parts: [{ url: partsOf(address)[at]!, ...options }] }), withTransports(wire)),
    },
  );
}

afterEach(closeSides);

describe('a mux', () => {
  it('has the peers of all its parts, and lists the address of each part', async () => {
    const server = await Side.open(['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/rpc', 'memory:mux'], LISTEN);
    const addresses = partsOf(server.transport.address);
    expect(addresses.map((address) => address.replace(/\d+(?=\/|$)/, 'N'))).toEqual([
      'tcp://127.0.0.1:N',
      'ws://127.0.0.1:N/rpc',
      'memory:mux',
    ]);
    for (const address of addresses) (await Side.open(address)).ears[0]!.link.send([address]);
    await until(() => server.heard.length === 3);
    expect(new Set(server.heard)).toEqual(new Set(addresses));
  });

  it('keeps the direction that the scheme of a part specifies', async () => {
    const server = await Side.open('mux:(tcpserv:127.0.0.1:0)(ws-server://127.0.0.1:0)');
    const [tcp, ws] = partsOf(server.transport.address);
    const client = await Side.open([tcp!, ws!, 'tcp-server://127.0.0.1:0']);
    await until(() => server.ears.length === 2);
    expect(client.ears).toHaveLength(2);
  });

  it('can be inside a mux', async () => {
    const server = await Side.open('mux:(mux:(tcp://127.0.0.1:0)(ws://127.0.0.1:0))(tcp://127.0.0.1:0)', LISTEN);
    const [inner, outer] = partsOf(server.transport.address);
    await Side.open([...partsOf(inner!), outer!]);
    await until(() => server.ears.length === 3);
  });

  it('is opened only once', async () => {
    const side = await Side.open(['memory:mux'], LISTEN);
    await expect(side.open()).rejects.toThrow(UsageError);
  });
});

describe('a mux of which parts cannot be opened', () => {
  it('rejects with every reason, and keeps nothing open', async () => {
    const taken = await Side.open('tcp://127.0.0.1:0', LISTEN);
    const room = await Side.open('memory:taken', LISTEN);
    const side = await Side.make([taken.transport.address, 'ws://127.0.0.1:0', 'memory:taken', 'memory:free'], LISTEN);
    const error = await side.open().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    const { message, cause } = error as Error & { cause: AggregateError };
    expect(message).toContain(
      `could not be opened, because of 2 of its 4 parts: (${taken.transport.address}) cannot listen on`,
    );
    expect(message).toContain('(memory:taken) ');
    expect(message).not.toContain('memory:free');
    expect(cause).toBeInstanceOf(AggregateError);
    expect(cause.errors.map((reason) => reason.constructor)).toEqual([ConnectionLost, UsageError]);
    // Free again.
    await Side.open('memory:free', LISTEN);
    await room.transport.close();
  });

  it('rejects with ConnectionLost if no options were wrong', async () => {
    const gone = await Side.open(['tcp://127.0.0.1:0', 'ws://127.0.0.1:0'], LISTEN);
    const { address } = gone.transport;
    await gone.transport.close();
    const opening = Side.open(address);
    await expect(opening).rejects.toThrow(ConnectionLost);
    for (const part of partsOf(address)) await expect(opening).rejects.toThrow(`(${part}) cannot connect to`);
  });

  it('ends the links that were already open', async () => {
    const server = await Side.open('tcp://127.0.0.1:0', LISTEN);
    const client = await Side.make([server.transport.address, 'memory:nobody']);
    await expect(client.open()).rejects.toThrow('nobody serves memory:nobody');
    expect(client.ears.map(({ ends }) => ends)).toEqual([[undefined]]);
    await until(() => server.ears[0]?.ends.length === 1);
  });

  it('opens nothing if options are wrong', async () => {
    let opened = 0;
    const maker = (): Transport => ({ address: 'x:', open: async () => void opened++, close: async () => {} });
    const side = await Side.make([maker, 'tcp://127.0.0.1:1?frmaing=nul', 'nonsense:']);
    const error = (await side.open().catch((reason: unknown) => reason)) as Error;
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain('has no option "frmaing"');
    expect(error.message).toContain('unknown transport "nonsense"');
    expect(opened).toBe(0);
  });
});

describe('a mux that is closed', () => {
  it('waits for all its parts, and rejects with all their errors', async () => {
    const closed: string[] = [];
    const part = (name: string, fails: boolean) => (): Transport => ({
      address: `${name}:`,
      open: async () => {},
      close: async () => {
        await new Promise((resolve) => setTimeout(resolve, fails ? 1 : 10));
        closed.push(name);
        if (fails) throw new Error(`${name} is stuck`);
      },
    });
    const side = await Side.open([part('a', true), part('b', false), part('c', true)]);
    const closing = side.transport.close();
    await expect(closing).rejects.toThrow(
      'could not be closed, because of 2 of its 3 parts: (a:) a is stuck; (c:) c is stuck',
    );
    expect(closed.sort()).toEqual(['a', 'b', 'c']);
  });

  it('cannot be opened again', async () => {
    const side = await Side.make(['memory:mux']);
    await side.transport.close();
    await expect(side.open()).rejects.toThrow(ConnectionLost);
  });

  it('opens no parts that are being created', async () => {
    let opened = 0;
    let closed = 0;
    const part: Transport = { address: 'x:', open: async () => void opened++, close: async () => void closed++ };
    const wire: Wire = { ...(await wireWith(part)), listen: true };
    const transport = mux(parseAddress('mux:(x:)'), wire);
    const opening = transport.open(() => expect.fail());
    await transport.close();
    await expect(opening).rejects.toThrow('was closed before it was open');
    expect([opened, closed]).toEqual([0, 1]);
  });
});

async function wireWith(part: Transport): Promise<Wire> {
  const base = withTransports({} as Wire);
  return { ...base, transport: async () => part };
}

describe('a mux with a bus', () => {
  it('reaches all of its members at once', async () => {
    const [one, two] = [busPart(), busPart()];
    const side = await Side.open([one.make, 'tcp-server://127.0.0.1:0', [two.make]]);
    side.transport.broadcast!(['a', 'b']);
    expect([one.heard, two.heard]).toEqual([[['a', 'b']], [['a', 'b']]]);
  });

  it('broadcasts nothing without a bus', async () => {
    const side = await Side.open(['tcp-server://127.0.0.1:0', ['memory:alone?bus']]);
    expect(side.transport.broadcast).toBeUndefined();
  });
});
