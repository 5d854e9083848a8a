import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { topic, UsageError } from '../../src/index.js';
import { zmq } from '../../transports/zmq.js';
import { until } from '../support/core-waiting.js';
import { closeAll, closing, freeEndpoints, Work } from './ends.js';

afterEach(closeAll);

async function hears(address: string) {
  const side = closing(await Work.serve(address, { logger: null }));
  const heard: string[] = [];
  side.note.connect((_sender, { text }) => void heard.push(text));
  return { side, heard };
}

async function writes(address: string) {
  return closing(await Work.invert().connect(address, { logger: null }));
}

describe.each(Object.entries(freeEndpoints))('a pipeline over %s', (_scheme, endpoint) => {
  it('delivers notifications, in order', async () => {
    const { side, heard } = await hears(`${endpoint()}?role=pipeline`);
    const client = await writes(side.address);
    const texts = Array.from({ length: 3_000 }, (_, n) => `${n}`);
    for (const text of texts) client.remote.note({ text });
    await client.flush();
    await until(() => heard.length === texts.length);
    expect(heard).toEqual(texts);
  });
});

it('shares the notifications of a pipeline among those that serve', async () => {
  const [one, two] = [
    await hears('zmq+tcp://127.0.0.1:*?role=pipeline'),
    await hears('zmq+tcp://127.0.0.1:*?role=pipeline'),
  ];
  const endpoints = zmq(one.side.address);
  const client = closing(await Work.invert().connect(endpoints, { logger: null }));
  await endpoints.add(two.side.address.replace('?role=pipeline', ''));
  await until(() => {
    client.remote.note({ text: 'task' });
    return one.heard.length > 10 && two.heard.length > 10;
  });
});

it('lets who writes bind, and who serves connect', async () => {
  const client = await writes('zmq+tcp://127.0.0.1:*?role=pipeline&bind=on');
  client.remote.note({ text: 'early' });
  const { heard } = await hears(`${client.address}&bind=off`);
  await until(() => heard.length === 1);
  expect(heard).toEqual(['early']);
});

it('reads no more while as many as allowed are handled', async () => {
  const side = closing(await Work.serve('zmq+tcp://127.0.0.1:*?role=pipeline&inFlight=2', { logger: null }));
  const begun: (() => void)[] = [];
  let done = 0;
  side.note.connect(
    () =>
      new Promise<void>((resolve) =>
        begun.push(() => {
          done++;
          resolve();
        }),
      ) as never,
  );
  const client = await writes(side.address);
  for (let n = 0; n < 20; n++) client.remote.note({ text: `${n}` });
  await client.flush();
  for (let n = 0; n < 20; n++) {
    await until(() => begun.length > n);
    expect(begun.length - done).toBeLessThanOrEqual(2);
    begun[n]?.();
  }
});

it.each(['pipeline', 'pubsub'])('refuses a request over %s at the call, and calls of who serves', async (role) => {
  const { side } = await hears(`zmq+tcp://127.0.0.1:*?role=${role}`);
  const client = await writes(side.address);
  const asked = Promise.resolve().then(() => client.remote.who());
  await expect(asked).rejects.toThrow(UsageError);
  await expect(asked).rejects.toThrow(/its link carries only notifications/);
  expect(side.peers.size).toBe(0);
});

it('publishes to all who serve, by the beginnings of topics, as soon as it is connected', async () => {
  const all = await hears('zmq+tcp://127.0.0.1:*?role=pubsub');
  const news = await hears('zmq+tcp://127.0.0.1:*?role=pubsub&topics=news');
  const places = [all.side.address, news.side.address.replace('zmq+', '')].map((each) => each.replace(/\?.*/, ''));
  const client = await writes(`${places.join(',')}?role=pubsub`);
  client.note(topic('news.sport') as never, { text: 'goal' });
  client.note(topic('weather') as never, { text: 'rain' });
  client.remote.note({ text: 'everybody' });
  client.note(topic('news') as never, { text: 'last' });
  await until(() => all.heard.length === 4 && news.heard.length === 2);
  expect(all.heard.sort()).toEqual(['everybody', 'goal', 'last', 'rain']);
  expect(news.heard).toEqual(['goal', 'last']);
});

it('subscribes and ends that while it is open', async () => {
  const { side, heard } = await hears('zmq+tcp://127.0.0.1:*?role=pubsub&topics=-');
  const client = await writes(side.address);
  const end = await side.subscribe('news');
  await until(() => {
    client.note(topic('news') as never, { text: 'goal' });
    return heard.length > 0;
  });
  await end();
  const other = await side.subscribe('other');
  await until(() => {
    client.note(topic('news') as never, { text: 'too late' });
    client.note(topic('other') as never, { text: 'other' });
    return heard.filter((text) => text === 'other').length > 10;
  });
  expect(heard.at(-2)).toBe('other');
  await other();
});

it('receives nothing for an empty list of topics, until it subscribes', async () => {
  const side = closing(
    await Work.serve({ url: 'zmq+tcp://127.0.0.1:*', role: 'pubsub', topics: [] }, { logger: null }),
  );
  const heard: string[] = [];
  side.note.connect((_sender, { text }) => void heard.push(text));
  const client = await writes(side.address);
  for (const text of ['secret', 'news']) client.note(topic(text) as never, { text });
  await side.subscribe('news');
  await until(() => {
    for (const text of ['secret', 'news']) client.note(topic(text) as never, { text });
    return heard.length > 10;
  });
  expect([...new Set(heard)]).toEqual(['news']);
});

it('publishes to who serves in the same process as soon as it is connected', async () => {
  for (let round = 0; round < 20; round++) {
    const { side, heard } = await hears(`${freeEndpoints['zmq+inproc']?.()}?role=pubsub`);
    const client = await writes(side.address);
    for (let n = 0; n < 10; n++) client.note(topic('t') as never, { text: `${n}` });
    client.remote.note({ text: 'last' });
    await until(() => heard.includes('last'));
    expect(heard).toHaveLength(11);
    await client.close();
    await side.close();
  }
});

/** Long enough for a message that was sent to be with its socket, while this process does nothing else: nothing reports that it is. */
function block(): void {
  const end = performance.now() + 50;
  while (performance.now() < end);
}

it.each(['pipeline', 'pubsub'])('over %s, hears what arrives while an endpoint is added or removed', async (role) => {
  const endpoints = zmq(`zmq+tcp://127.0.0.1:*?role=${role}`);
  const side = closing(await Work.serve(endpoints, { logger: null }));
  const heard: string[] = [];
  side.note.connect((_sender, { text }) => void heard.push(text));
  const client = await writes(side.address);
  await until(() => {
    client.remote.note({ text: 'first' });
    return heard.length > 0;
  });
  const added = `zmq+inproc://${randomUUID()}`;
  for (const change of [() => endpoints.add(added), () => endpoints.remove(added)]) {
    const { length } = heard;
    client.remote.note({ text: 'meanwhile' });
    await client.flush();
    block();
    await change();
    await until(() => heard.slice(length).includes('meanwhile'));
  }
});

it('sends what waits for a server of a pipeline to one that is added', async () => {
  const { side, heard } = await hears('zmq+tcp://127.0.0.1:*?role=pipeline');
  const endpoints = zmq('zmq+inproc://nobody?role=pipeline');
  const client = closing(
    await Work.invert().connect(endpoints, { logger: null, limits: { bufferedBytes: 10_000_000 } }),
  );
  for (let n = 0; n < 5_000; n++) client.remote.note({ text: `${n}` });
  await endpoints.remove('zmq+inproc://nobody');
  client.remote.note({ text: 'last' });
  await endpoints.add(side.address.replace(/\?.*/, ''));
  await until(() => heard.includes('last'));
});
