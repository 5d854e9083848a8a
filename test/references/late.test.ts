import { expect, it } from 'vitest';
import { ConnectionLost, keep, UsageError } from '../../src/index.js';
import { failure, Log, until } from '../support/core-waiting.js';
import { type Step, sides, ways } from './sides.js';

it.each(ways)('a callback that is called after its call is reported once, over %s with %s', async (url, codec) => {
  const log = new Log();
  const { server, client } = await sides(url, codec, { logger: log });
  const listeners: Step[] = [];
  server.hold.connect((_sender, { step }) => void listeners.push(step));
  await client.hold(null, { step: (n) => n });
  await client.hold(null, { step: (n) => n });
  const late = 'it was passed with hold, which has ended, and was not kept with keep(…)';
  expect(await failure(Promise.resolve(listeners[0]?.(1)))).toBeInstanceOf(UsageError);
  for (const listener of [...listeners, ...listeners]) void listener(2);
  expect(log.texts.filter((text) => text.includes(late)).length).toBe(2);
});

it.each(ways)(
  'a kept callback is not reported, nor one of a link that has ended, over %s with %s',
  async (url, codec) => {
    const log = new Log();
    const { server, client } = await sides(url, codec, { logger: log });
    const listeners: Step[] = [];
    server.hold.connect((_sender, { step }) => {
      keep(step);
      listeners.push(step);
    });
    await client.hold(null, { step: (n) => n });
    expect(await listeners[0]?.(1)).toBe(1);
    await client.close();
    await until(() => server.peers.size === 0);
    expect(await failure(Promise.resolve(listeners[0]?.(1)))).toBeInstanceOf(ConnectionLost);
    expect(log.texts).toEqual([]);
  },
);
