import { mkdtempSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Random } from '../../src/testing/random.js';
import { until } from '../support/core-waiting.js';
import { atEnd, clear, dial, dialed, serve, turn } from './resuming.js';

afterEach(clear);

const CUTS = 50;

/** Passes on what arrives at a path, so that both ends have a Unix domain socket, which a chaos proxy gives only one of them. */
async function between(from: string, to: string) {
  const links = new Set<readonly [Socket, Socket]>();
  const seen = { links: 0 };
  const server = net.createServer((near) => {
    const link = [near, net.connect(to)] as const;
    const [, far] = link;
    seen.links++;
    links.add(link);
    near.pipe(far);
    far.pipe(near);
    for (const socket of link) {
      socket.on('error', () => {});
      socket.on('close', () => {
        links.delete(link);
        for (const each of link) each.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(from, resolve));
  atEnd(() => {
    for (const link of links) for (const socket of link) socket.destroy();
    server.close();
  });
  /** Ends both sockets of each link; what is under way between them is lost. */
  const cut = (isClean: boolean): void => {
    for (const link of links)
      for (const socket of link) {
        socket.unpipe();
        if (isClean) socket.end();
        else socket.destroy();
      }
  };
  return { cut, seen };
}

it.each(['jrpc', 'msgpack'])(
  `over Unix domain sockets, nothing is lost and nothing comes twice over ${CUTS} cuts, also of links that begin: %s`,
  async (codec) => {
    const folder = mkdtempSync(join(tmpdir(), 'obverse-cuts-'));
    const [near, far] = [join(folder, 'near'), join(folder, 'far')];
    const { server, seen } = await serve(`unix:${far}`, { resume: true, codec });
    const relay = await between(near, far);
    const client = await dial(dialed(`unix:${near}`), seen, { codec });
    await until(() => server.peers.size === 1);
    const random = new Random(11);
    const results: Promise<unknown>[] = [];
    const answers: unknown[] = [];
    let n = 0;
    let isOver = false;
    const talking = (async () => {
      while (!isOver) {
        if (n < 900) {
          n++;
          client.note(null, { n, text: 'x'.repeat(random.int(0, 3_000)) });
          server.told(null, { n, text: 'x'.repeat(random.int(0, 3_000)) });
          results.push(client.remote.ask({ n }), server.remote.confirm({ n }));
          answers.push(2 * n, 3 * n);
        }
        await turn();
      }
    })();
    for (let cut = 0; cut < CUTS; cut++) {
      for (let turns = random.int(1, 20); turns > 0; turns--) await turn();
      const { links } = relay.seen;
      relay.cut(random.next() < 0.5);
      await until(() => relay.seen.links > links);
      // Every other time the next link as well, while both ends greet each other.
      if (cut % 2 === 0) for (let turns = random.int(0, 3); turns > 0; turns--) await turn();
      else await until(() => [...client.peers.values(), ...server.peers.values()].every(({ isAway }) => !isAway));
    }
    isOver = true;
    await talking;
    expect(await Promise.all(results)).toEqual(answers);
    const counted = Array.from({ length: n }, (_, at) => at + 1);
    await until(() => seen.notes.length >= n && seen.told.length >= n);
    expect([seen.notes, seen.told]).toEqual([counted, counted]);
    expect([...seen.ran]).toEqual(counted.map((each) => [each, 1]));
    expect(seen.server.filter((event) => event !== 'resumed')).toEqual(['connect']);
    expect(seen.client.filter((event) => event !== 'resumed')).toEqual([]);
    expect(server.stats().resumed).toBeGreaterThan(CUTS / 4);
  },
);
