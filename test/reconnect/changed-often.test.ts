import { queryObjects } from 'node:v8';
import { afterEach, expect, it } from 'vitest';
import { RedialedPeer } from '../../src/extensions/reconnect/redialed-peer.js';
import { DialedLine } from '../../src/extensions/resume/dialed-line.js';
import { clear, dial, serve } from '../resume/resuming.js';

afterEach(clear);

it.each([true, false])(
  'a side that reconnects and changes its transport again and again keeps nothing of the former ones (resume: %s)',
  async (resume) => {
    const { server, seen } = await serve('tcp://127.0.0.1:0', { resume });
    const client = await dial(server.address, seen, { reconnect: true });
    for (let n = 0; n < 20; n++) await client.changeTransport(server.address);
    expect(await client.remote.ask({ n: 1 })).toBe(2);
    expect(client.peers.size).toBe(1);
    const kept = [RedialedPeer, DialedLine].map((each) => Number(queryObjects(each as never, { format: 'count' })));
    for (const count of kept) expect(count).toBeLessThan(10);
    expect(kept[0]).toBeGreaterThan(0);
  },
);
