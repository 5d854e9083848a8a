import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import type { AddressObject, Transport, TransportFactory } from '../../src/contract/contract.js';
import memory from '../../transports/memory.js';
import mux from '../../transports/mux.js';
import tcp from '../../transports/tcp.js';
import tls from '../../transports/tls.js';
import unix from '../../transports/unix.js';
import ws from '../../transports/ws.js';
import { withTransports } from '../support/mux-wire.js';
import { certificate } from '../support/ws-certificate.js';
import { accepting, type LinkLog, wire } from './link-log.js';

const { key, cert } = certificate();
const folder = mkdtempSync(join(tmpdir(), 'retire-'));
const cleanups: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
const opened: Transport[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((transport) => transport.close()));
});

interface Case {
  readonly make: TransportFactory;
  readonly address: string | AddressObject;
  readonly dialed?: (address: string) => string | AddressObject;
}
const cases: Record<string, Case> = {
  tcp: { make: tcp, address: 'tcp://127.0.0.1:0' },
  tls: {
    make: tls,
    address: { url: 'tls://127.0.0.1:0', key, cert },
    dialed: (url) => ({ url, ca: cert }),
  },
  unix: { make: unix, address: `unix:${join(folder, 'socket')}` },
  ws: { make: ws, address: 'ws://127.0.0.1:0' },
  wss: {
    make: ws,
    address: { url: 'wss://127.0.0.1:0', key, cert },
    dialed: (url) => ({ url, ca: cert }),
  },
  memory: { make: memory, address: 'memory:retired' },
  mux: { make: mux, address: 'mux:(tcp://127.0.0.1:0)', dialed: (url) => url.slice('mux:('.length, -1) },
};

async function listen({ make, address }: Pick<Case, 'make' | 'address'>) {
  const { accept, logs, next } = accepting();
  const transport = make(parseAddress(address), withTransports(wire({ listen: true })));
  await transport.open(accept);
  opened.push(transport);
  return { transport, logs, next };
}

async function dial({ make }: Case, address: string | AddressObject): Promise<LinkLog> {
  const { accept, next } = accepting();
  const transport = (make === mux ? tcp : make)(parseAddress(address), wire());
  opened.push(transport);
  await transport.open(accept);
  return next();
}

describe.each(Object.entries(cases))('%s, when it is retired', (_name, one) => {
  const { dialed = (url: string) => url, address } = one;

  it('leaves its address to another transport, while its links go on', async () => {
    const old = await listen(one);
    const { address: at } = old.transport;
    const near = await dial(one, dialed(at));
    const far = await old.next();
    await old.transport.retire?.();
    const again = typeof address === 'string' ? at : { ...address, url: at };
    const next = await listen({ make: one.make, address: again });
    const visitor = await dial(one, dialed(next.transport.address));
    visitor.link.send(['to the new one']);
    const heard = await next.next();
    await heard.until(() => heard.frames.length === 1);
    near.link.send(['to the old one']);
    await far.until(() => far.frames.length === 1);
    far.link.send(['answer']);
    await near.until(() => near.frames.length === 1);
    expect([old.logs.length, next.logs.length]).toEqual([1, 1]);
    // The end of the old one leaves the address to the new one.
    await old.transport.close();
    const another = await dial(one, dialed(next.transport.address));
    expect(another.ends).toEqual([]);
  });
});

describe('ws on an HTTP server of the program, when it is retired', () => {
  it('refuses upgrades with 503, and leaves its path to another transport', async () => {
    const server = createServer((_request, response) => response.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/rpc`;
    const one: Case = { make: ws, address: { url: 'ws:/rpc', server } };
    const old = await listen(one);
    const near = await dial(one, { url, client: 'ws' });
    const far = await old.next();
    await old.transport.retire?.();
    await expect(dial(one, { url, client: 'ws' })).rejects.toThrow(
      /503 Service Unavailable: this server is being closed: connect again/,
    );
    expect(await (await fetch(url.replace('ws', 'http'))).text()).toBe('hello');
    near.link.send(['goes on']);
    await far.until(() => far.frames.length === 1);

    const next = await listen(one);
    await dial(one, { url, client: 'ws' });
    await next.next();
    await old.transport.close();
    await dial(one, { url, client: 'ws' });
    expect([old.logs.length, next.logs.length]).toEqual([1, 2]);
    await next.transport.retire?.();
    await next.transport.close();
    expect(server.listenerCount('upgrade')).toBe(0);
    server.close();
  });
});

describe('a mux, when it is retired', () => {
  it('opens no part that is added afterwards', async () => {
    const { mux: changeable } = await import('../../transports/mux.js');
    const parts = changeable('memory:one');
    const transport = parts(withTransports(wire({ listen: true })));
    await transport.open(accepting().accept);
    opened.push(transport);
    await transport.retire?.();
    await parts.add('memory:two');
    await expect(dial(cases.memory as Case, 'memory:two')).rejects.toThrow('nobody serves memory:two');
    await expect(dial(cases.memory as Case, 'memory:one')).rejects.toThrow('nobody serves memory:one');
  });
});
