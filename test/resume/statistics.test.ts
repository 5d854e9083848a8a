import { afterEach, expect, it } from 'vitest';
import { MESSAGE_BYTES } from '../../src/session/journal.js';
import { until } from '../support/core-waiting.js';
import { clear, meet, turn } from './resuming.js';

afterEach(clear);

const resuming = ({ stats }: Pick<Awaited<ReturnType<typeof meet>>['client'], 'stats'>) => {
  const { peers, peersAway, keptMessages, keptBytes, resumed } = stats();
  return { peers, peersAway, keptMessages, keptBytes, resumed };
};

it('side.stats() counts the peers that are away, what is kept for peers, and how often sessions have continued', async () => {
  const { client, server, proxy, seen } = await meet('tcp://127.0.0.1:0');
  const idle = { peers: 1, peersAway: 0, keptMessages: 0, keptBytes: 0, resumed: 0 };
  expect([resuming(client), resuming(server)]).toEqual([idle, idle]);
  client.note(null, { n: 1 });
  client.note(null, { n: 2 });
  await turn();
  const length = JSON.stringify({ jsonrpc: '2.0', method: 'note', params: { n: 1 } }).length;
  expect(resuming(client)).toEqual({ ...idle, keptMessages: 2, keptBytes: 2 * (length + MESSAGE_BYTES) });
  await until(() => seen.notes.length === 2);
  expect(resuming(server)).toEqual(idle);

  const away: unknown[] = [];
  for (const side of [client, server]) side.on('reconnecting', () => void away.push(resuming(side).peersAway));
  proxy.cut('rst');
  await until(() => server.stats().resumed === 1 && client.stats().resumed === 1);
  expect(away).toEqual([1, 1]);
  // The hello says what has come.
  expect([resuming(client), resuming(server)]).toEqual([
    { ...idle, resumed: 1 },
    { ...idle, resumed: 1 },
  ]);
  proxy.cut('rst');
  await until(() => server.stats().resumed === 2 && client.stats().resumed === 2);

  await client.close();
  await until(() => server.peers.size === 0);
  await turn();
  for (const side of [client, server]) expect(resuming(side)).toEqual({ ...idle, peers: 0, resumed: 2 });
});
