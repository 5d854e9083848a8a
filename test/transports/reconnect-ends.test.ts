import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionLost } from '../../src/contract/errors.js';
import { closeSides, Side, until } from '../support/mux-wire.js';
import { bundled } from './fixtures/bundled.js';

afterEach(closeSides);

describe('a program that is started again', () => {
  const cat = 'process.stdin.pipe(process.stdout)';

  it('is another process after each end, also after it was killed', async () => {
    const side = await Side.open({
      url: 'reconnect:process:',
      command: process.execPath,
      args: ['-e', cat],
      delay: 10,
    });
    for (let n = 0; n < 3; n++) {
      const { link } = side.ears[n]!;
      link.send([`${n}`]);
      await until(() => side.heard.length === n + 1);
      process.kill(Number(link.peer.slice('process:'.length)), 'SIGKILL');
      await until(() => side.ears.length === n + 2);
      expect(side.ears[n]!.ends[0]?.message).toContain('SIGKILL');
    }
    expect(new Set(side.ears.map(({ link }) => link.peer)).size).toBe(4);
    expect(side.heard).toEqual(['0', '1', '2']);
  });

  it('is written as in quickrpc', async () => {
    const side = await Side.open(`restart:0:(process:"${process.execPath}" -e "${cat}")`);
    process.kill(Number(side.ears[0]!.link.peer.slice('process:'.length)), 'SIGKILL');
    await until(() => side.ears.length === 2);
    side.ears[1]!.link.send(['alive']);
    await until(() => side.heard.length === 1);
  });
});

describe('a worker that is started again', () => {
  it('is another worker after its end', async () => {
    const worker = await bundled('./echo-worker.ts');
    const side = await Side.open({ url: `reconnect+worker:${worker}`, delay: 10 });
    side.ears[0]!.link.send(['!exit']);
    await until(() => side.ears.length === 2);
    side.ears[1]!.link.send(['alive']);
    await until(() => side.heard.length === 1);
  });
});

describe('a WebSocket server that refuses the handshake', () => {
  /** A server that answers each handshake with a status, and counts them. */
  const refusing = async (status: number) => {
    const seen = { count: 0 };
    const server = http.createServer().on('upgrade', (_request, socket) => {
      seen.count++;
      socket.on('error', () => {});
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const close = () => new Promise((resolve) => server.close(resolve));
    return { seen, close, url: `reconnect+ws://127.0.0.1:${port}` };
  };
  const retry = { start: 'retry', delay: [1, 5] } as const;

  it.each([400, 401, 403, 404, 410])('with %i is not asked again', async (status) => {
    const { seen, close, url } = await refusing(status);
    const side = await Side.make({ url, client: 'ws', ...retry });
    const error: unknown = await side.open().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionLost);
    expect((error as Error).message).toContain(`refused the handshake: ${status}`);
    expect(seen.count).toBe(1);
    await close();
  });

  it.each([408, 429, 500, 503])('with %i is asked again', async (status) => {
    const { seen, close, url } = await refusing(status);
    const side = await Side.make({ url, client: 'ws', ...retry });
    const opening = side.open();
    await until(() => seen.count > 2);
    await side.transport.close();
    await expect(opening).rejects.toThrow(ConnectionLost);
    await close();
  });

  it('for another codec is not asked again', async () => {
    const server = await Side.open('ws://127.0.0.1:0', { listen: true, codec: 'one' });
    for (const client of typeof WebSocket === 'undefined' ? ['ws'] : ['ws', 'native']) {
      const side = await Side.make(
        { url: `reconnect+${server.transport.address}`, client, ...retry },
        { codec: 'two' },
      );
      await expect(side.open(), client).rejects.toThrow('this server uses the codec one, not two');
    }
  });
});
