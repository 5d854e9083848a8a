import net, { type Socket } from 'node:net';
import nodeTls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { stopClock } from '../../src/testing/clock.js';
import { authority, selfSigned } from '../support/certificates.js';
import { until } from '../support/core-waiting.js';
import { own, reportsIn, tlsSides } from '../support/tls-sides.js';

const ca = authority();
const server = own(ca.issue({ name: 'server' }));
const trust = { ca: ca.cert };

describe.each(['tls', 'wss'] as const)('an attack on a server of %s:', (scheme) => {
  const { serve, connect, keep } = tlsSides(scheme);

  /** A connection of bare bytes, and whether it was ended. */
  async function raw(port: number): Promise<{ socket: Socket; isClosed(): boolean }> {
    const socket = net.connect(port, '127.0.0.1');
    keep(() => socket.destroy());
    let closed = false;
    socket
      .on('error', () => {})
      .on('close', () => {
        closed = true;
      });
    socket.resume();
    await new Promise((resolve) => socket.once('connect', resolve));
    return { socket, isClosed: () => closed };
  }

  it('a peer that opens a connection and never begins the handshake is disconnected after connectMs', async () => {
    const { port, log } = await serve(server, { limits: { connectMs: 100 } });
    const { isClosed } = await raw(port);
    await until(isClosed);
    expect(reportsIn(log)[0]).toMatch(/did not complete the TLS handshake within 100 ms \(limits\.connectMs\)/);
  });

  it('a peer that sends its part of the handshake one byte at a time is disconnected after connectMs', async () => {
    const { port } = await serve(server, { limits: { connectMs: 200 } });
    const { socket, isClosed } = await raw(port);
    // The beginning of a ClientHello of 16 KiB.
    socket.write(Buffer.from([0x16, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc, 3, 3]));
    const drip = setInterval(() => socket.write(Buffer.from([0])), 5);
    await until(isClosed);
    clearInterval(drip);
  });

  it('connections that never begin the handshake are bounded in number, and keep nobody out', async () => {
    const { url, port, log } = await serve(server, { limits: { peers: 3 } });
    const idle: { isClosed(): boolean }[] = [];
    for (let n = 0; n < 20; n++) idle.push(await raw(port));
    await until(() => idle.filter(({ isClosed }) => !isClosed()).length <= 3);
    const client = await connect(url, trust);
    expect(await client.remote.ask({ n: 1 })).toBe(2);
    // Many of them make one report.
    expect(reportsIn(log)).toEqual([expect.stringMatching(/3 TLS handshakes are under way \(limits\.peers\)/)]);
  });

  it('peers whose certificates are refused and who do not close are disconnected, and make one report', async () => {
    const { port, log, server: side } = await serve({ ...server, ...trust, clientCertificate: 'require' });
    const eve = selfSigned({ name: 'eve' });
    const closed: boolean[] = [];
    const sockets: Socket[] = [];
    for (let n = 0; n < 20; n++) {
      const socket = nodeTls.connect({
        port,
        host: '127.0.0.1',
        ...trust,
        ...own(eve),
        allowHalfOpen: true,
      } as nodeTls.ConnectionOptions);
      keep(() => socket.destroy());
      sockets.push(socket);
      socket
        .on('error', () => {})
        .on('close', () => closed.push(true))
        .resume();
      await new Promise((resolve) => socket.once('secureConnect', resolve));
      if (scheme === 'wss') {
        socket.write(
          'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
        );
      }
    }
    // The system of a peer that keeps its half open reports the end of the other when it sends.
    const probe = setInterval(() => {
      for (const socket of sockets) socket.write('x');
    }, 100);
    await until(() => closed.length === 20);
    clearInterval(probe);
    expect(side.peers.size).toBe(0);
    expect(reportsIn(log)).toEqual([expect.stringMatching(/\(CN=eve\) is self-signed/)]);
  });

  it('a thousand bytes that are not TLS make one report, whoever sends them', async () => {
    const { port, log } = await serve(server);
    for (let n = 0; n < 20; n++) {
      const { socket, isClosed } = await raw(port);
      socket.write(Buffer.alloc(1_000, 7));
      await until(isClosed);
    }
    expect(reportsIn(log)).toEqual([
      expect.stringMatching(/refused 127\.0\.0\.1:\d+: the other side does not speak TLS/),
    ]);
  });

  it('peers above the limit are refused after their handshakes', async () => {
    const { url } = await serve(server, { limits: { peers: 1 } });
    const first = await connect(url, trust);
    const second = connect(url, trust).then((side) => side.remote.ask({ n: 1 }));
    await expect(second).rejects.toThrow();
    expect(await first.remote.ask({ n: 1 })).toBe(2);
  });

  it('connections in their handshakes do not delay the end of the server', async () => {
    const { port, server: side } = await serve(server);
    const { isClosed } = await raw(port);
    using _clock = stopClock();
    await side.close();
    await until(isClosed);
  });
});

describe('a server that does not complete the handshake', () => {
  const { connect, keep } = tlsSides();

  it('fails after connectMs, and the connection ends', async () => {
    let ended = false;
    const silent = keep(
      net.createServer((socket) => {
        socket
          .on('error', () => {})
          .on('close', () => {
            ended = true;
          });
        socket.resume();
      }),
    );
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const url = `tls://127.0.0.1:${(silent.address() as net.AddressInfo).port}`;
    await expect(connect(url, trust, { limits: { connectMs: 100 } })).rejects.toThrow(
      'did not complete the TLS handshake within 100 ms (limits.connectMs)',
    );
    await until(() => ended);
  });
});
