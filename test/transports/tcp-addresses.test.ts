import { execFileSync } from 'node:child_process';
import net from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { type WireOptions, wireFor } from '../../src/testing/transport.js';
import { until } from '../../src/testing/transport-ends.js';
import tcp from '../../transports/tcp.js';
import { keeping, opened } from '../support/stream-sides.js';

const transport = (url: string, options: WireOptions = {}) => tcp(parseAddress(url), wireFor(options));
const serve = (url: string, options: WireOptions = {}) => opened(transport(url, { ...options, listen: true }));
const dial = (url: string, options: WireOptions = {}) => opened(transport(url, options));
const portOf = (address: string) => Number(/:(\d+)/.exec(address.replace(/\[.*\]/, ''))?.[1]);

describe('addresses of tcp', () => {
  it('report a free port for port 0, with the options that a peer needs', async () => {
    expect((await serve('tcp://127.0.0.1:0')).transport.address).toMatch(/^tcp:\/\/127\.0\.0\.1:[1-9]\d+$/);
    expect((await serve('tcp://127.0.0.1:0?framing=nul&backlog=5')).transport.address).toMatch(
      /^tcp:\/\/127\.0\.0\.1:\d+\?framing=nul$/,
    );
  });

  it('accept the short forms', async () => {
    const server = await serve('tcp:127.0.0.1:0');
    const port = portOf(server.transport.address);
    for (const url of [`tcp:127.0.0.1:${port}`, `tcp::${port}`, `tcp:localhost:${port}`, `tcp://127.0.0.1:${port}/`]) {
      const client = await dial(url);
      client.ends[0]!.link.send([url]);
    }
    for (let n = 0; n < 4; n++) await (await server.end(n)).has(1);
    expect(server.ends.map((end) => end.texts[0]?.replace(/\d+/g, ''))).toHaveLength(4);
  });

  it('identify peers by ip and port, at both ends', async () => {
    const server = await serve('tcp://127.0.0.1:0');
    const client = await dial(server.transport.address);
    expect(`tcp://${client.ends[0]!.link.peer}`).toBe(server.transport.address);
    expect((await server.end()).link.peer).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it('support IPv6', async () => {
    const server = await serve('tcp://[::1]:0');
    expect(server.transport.address).toMatch(/^tcp:\/\/\[::1\]:\d+$/);
    const client = await dial(server.transport.address);
    expect(client.ends[0]!.link.peer).toBe(`[::1]:${portOf(server.transport.address)}`);
    expect((await server.end()).link.peer).toMatch(/^\[::1\]:\d+$/);
  });

  it.each([
    ['tcp://0.0.0.0:0', /^tcp:\/\/127\.0\.0\.1:\d+$/],
    ['tcp://:0', /^tcp:\/\/127\.0\.0\.1:\d+$/],
    ['tcp://[::]:0', /^tcp:\/\/\[::1\]:\d+$/],
  ])('are reported in a form that can be dialed when listening on %s', async (url, address) => {
    const server = await serve(url);
    expect(server.transport.address).toMatch(address);
    await dial(server.transport.address);
    // On a dual-stack socket, an IPv4 client has its IPv4 address.
    expect((await server.end()).link.peer).toMatch(/^(127\.0\.0\.1|\[::1\]):\d+$/);
  });

  it('are refused with invalid options, before anything is opened', () => {
    const wrong = (url: string, options: WireOptions = {}) => expect(() => transport(url, options));
    wrong('tcp://127.0.0.1:0').toThrow(/cannot be dialed/);
    wrong('tcp://127.0.0.1').toThrow(/has no port; expected tcp:\/\/host:port, as in/);
    wrong('tcp://[::1]').toThrow(/has no port/);
    wrong('tcp://me:secret@host:80').toThrow(
      /^an address of tcp: has no user and no password.* before "@host:80"; expected(?!.*secret)/,
    );
    wrong('tcp:').toThrow(/has no host and port/);
    wrong('tcp://::1:80').toThrow(/has no host and port; .*; write an IPv6 address in brackets, as in \[::1\]/);
    for (const port of ['99999', '123456', '-1', 'http', '80x']) {
      for (const at of ['tcp://127.0.0.1:', 'tcp://:', 'tcp://[::1]:', 'tcp:localhost:'])
        for (const listen of [true, false])
          wrong(`${at}${port}`, { listen }).toThrow(
            `${port} is not a port, which is a number from 0 to 65535; expected tcp`,
          );
    }
    wrong('tcp:99999').toThrow(/99999 is not a port/);
    wrong('tcp://127.0.0.1:1?framin=nul').toThrow(/no option "framin"/);
    wrong('tcp://127.0.0.1:1?backlog=3').toThrow(/"backlog" is only for the side that listens/);
    wrong('tcp://127.0.0.1:1?framing=zip').toThrow(/unknown framing "zip"/);
    wrong('tcp://127.0.0.1:1?framing=lines', { form: 'bytes' }).toThrow(/"lines" carries text/);
    wrong('tcp://127.0.0.1:1', { form: 'values' }).toThrow(UsageError);
  });
});

describe('opening tcp', () => {
  it('reports that nobody listens, where, and the error of the system', async () => {
    const server = await serve('tcp://127.0.0.1:0');
    const { address } = server.transport;
    await server.close();
    const error = await transport(address)
      .open(() => expect.fail('a link'))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConnectionLost);
    expect((error as Error).message).toContain(`cannot connect to ${address}: nobody listens there`);
    expect((error as Error).cause).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('reports that another program already listens', async () => {
    const server = await serve('tcp://127.0.0.1:0');
    const second = transport(server.transport.address, { listen: true });
    const error = await second.open(() => expect.fail('a link')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConnectionLost);
    expect((error as Error).message).toContain('another program already listens there');
    expect((error as Error).cause).toMatchObject({ code: 'EADDRINUSE' });
    await second.close();
    await dial(server.transport.address);
  });

  it('is possible once', async () => {
    const server = await serve('tcp://127.0.0.1:0');
    const client = await dial(server.transport.address);
    await expect(server.transport.open(() => expect.fail('a link'))).rejects.toThrow(UsageError);
    await expect(client.transport.open(() => expect.fail('a link'))).rejects.toThrow(UsageError);
  });

  it('rejects if the listening side is closed while its host is looked up', async () => {
    const server = transport('tcp://localhost:0', { listen: true });
    const rejected = expect(server.open(() => expect.fail('a link'))).rejects.toThrow(ConnectionLost);
    await server.close();
    await rejected;
    await until(
      () => 'the look-up',
      () => !process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap'),
    );
    expect(process.getActiveResourcesInfo()).not.toContain('TCPServerWrap');
  });

  describe.runIf(process.platform === 'linux')('if nobody accepts the connection', () => {
    it('rejects after `connectMs`, and when it is closed', async () => {
      const full = await fullListener();
      try {
        const slow = transport(`tcp://127.0.0.1:${full.port}`, { limits: { connectMs: 200 } });
        const before = performance.now();
        await expect(slow.open(() => expect.fail('a link'))).rejects.toThrow(
          /did not accept the connection within 200 ms/,
        );
        expect(performance.now() - before).toBeGreaterThan(190);
        await slow.close();

        const closed = transport(`tcp://127.0.0.1:${full.port}`);
        const opening = expect(closed.open(() => expect.fail('a link'))).rejects.toThrow(/closed before it was open/);
        await closed.close();
        await opening;
      } finally {
        await full.close();
      }
    });
  });

  it('lets a process exit after close', () => {
    const script = `
      import { parseAddress } from './src/contract/address.ts';
      import { wireFor } from './src/testing/transport.ts';
      import tcp from './transports/tcp.ts';
      const receiver = { receive() {}, drained() {}, closed() {} };
      const server = tcp(parseAddress('tcp://127.0.0.1:0'), wireFor({ listen: true }));
      await server.open(() => receiver);
      const client = tcp(parseAddress(server.address), wireFor());
      await client.open(() => receiver);
      await Promise.all([client.close(), server.close()]);
      process.stdout.write(JSON.stringify(process.getActiveResourcesInfo()));
    `;
    const printed = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 15_000,
    });
    expect(printed).not.toMatch(/TCP|Timeout/);
  });
});

describe('the limit of peers', () => {
  it('stops a flood of connections, and reports it once', async () => {
    const logger = keeping();
    const server = await serve('tcp://127.0.0.1:0', { logger, limits: { peers: 2 } });
    const { address } = server.transport;
    await dial(address);
    await dial(address);
    for (let n = 0; n < 5; n++) {
      const refused = await dial(address);
      await refused.ends[0]!.ended();
    }
    expect(server.ends).toHaveLength(2);
    expect(logger.warnings).toEqual([`${address} has 2 peers, its limit (limits.peers), and refused 1 more`]);
    server.ends[0]!.link.close();
    await server.ends[0]!.ended();
    await dial(address);
    await server.end(2);
  });
});

/** A port with a full queue whose process does nothing: a connection attempt hangs. */
async function fullListener(): Promise<{ port: number; close(): Promise<void> }> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
     });`,
    { eval: true },
  );
  const port = await new Promise<number>((resolve) => {
    worker.once('message', resolve);
  });
  const sockets: net.Socket[] = [];
  for (let taken = true; taken; ) {
    taken = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(true)).on('error', () => {});
      sockets.push(socket);
      setTimeout(() => resolve(false), 300);
    });
  }
  return {
    port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await worker.terminate();
    },
  };
}
