import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { stopClock } from '../../src/testing/clock.js';
import { balance } from '../../transports/balance.js';
import { turn } from '../support/core-played.js';
import { atEnd, connect } from './sides.js';

/** A server that says in each connection that it leaves at once, and answers no calls. */
async function restless() {
  let dialed = 0;
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    dialed++;
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => {});
    socket.on('data', (data) => {
      for (const line of String(data).split('\n')) {
        if (!line.includes('"rpc.hello"')) continue;
        const { id } = JSON.parse(line) as { id?: number };
        if (id !== undefined) socket.write(`{"jsonrpc":"2.0","id":${id},"result":{}}\n`);
      }
      socket.write('{"jsonrpc":"2.0","method":"rpc.leaving","params":[0]}\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd({
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  });
  const { port } = server.address() as { port: number };
  return { address: `tcp://127.0.0.1:${port}`, open, dialed: () => dialed };
}

describe('a part of a balance that leaves each connection at once', () => {
  it.each([
    ['without calls', false],
    ['that it never answers the calls of', true],
  ])('is dialed as rarely as one that cannot be reached, and has few connections, %s', async (_what, calls) => {
    const server = await restless();
    using clock = stopClock();
    const client = await connect(balance([server.address]), { codec: 'jrpc' });
    for (let n = 0; n < 200; n++) {
      if (calls) client.remote.who().catch(() => {});
      await clock.turn(250);
      await turn();
    }
    // Of waits up to 0.1, 0.2, 0.4 s and so on to 10 s, about 16 are over within 50 s.
    expect(server.dialed()).toBeGreaterThan(3);
    expect(server.dialed()).toBeLessThan(60);
    expect(server.open.size).toBeLessThan(8);
  });
});
