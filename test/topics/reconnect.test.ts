import { afterEach, expect, it } from 'vitest';
import { ConnectionLost, outgoing, type Receivers, RemoteAPI, topic } from '../../src/index.js';
import { mux } from '../../transports/mux.js';
import { until } from '../support/core-waiting.js';
import { withTopics } from '../support/topic-room.js';

class News extends RemoteAPI {
  @outgoing said(_to: Receivers, _args: { text: string }): void {}
}

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

it('a side that reconnects publishes and subscribes over the transport within, and over each next one', async () => {
  const log: string[] = [];
  const serve = async () => {
    const desk = await News.serve(withTopics('memory:again', 'again'));
    open.push(desk);
    return desk;
  };
  let desk = await serve();
  const reader = await News.invert().connect(
    { url: 'reconnect:', transport: withTopics('memory:again', 'again', log), delay: 1 },
    { logger: null },
  );
  open.push(reader);
  const heard: string[] = [];
  reader.said.connect((_sender, { text }) => void heard.push(text));
  await reader.subscribe('news');
  const end = await reader.subscribe('sport');
  desk.said(topic('news'), { text: 'one' });
  await until(() => heard.length === 1);
  await desk.close();
  await until(() => [...reader.peers.values()].every(({ isAway }) => isAway));
  await expect(reader.subscribe('weather')).rejects.toThrow(ConnectionLost);
  desk = await serve();
  await until(() => log.filter((each) => each === 'subscribe news').length === 2);
  await until(() => [...reader.peers.values()].some(({ isAway }) => !isAway));
  desk.said(topic('news'), { text: 'two' });
  desk.said(topic('sport'), { text: 'goal' });
  await until(() => heard.length === 3);
  expect(heard).toEqual(['one', 'two', 'goal']);
  await end();
  await reader.flush();
  desk.said(topic('sport'), { text: 'another goal' });
  desk.said(topic('news'), { text: 'three' });
  await until(() => heard.includes('three'));
  expect(heard).not.toContain('another goal');
});

it('a part that is added to a mux subscribes to what its side has subscribed to', async () => {
  const log: string[] = [];
  const parts = mux(withTopics('memory:part-one', 'part-one', log));
  const desk = await News.invert().serve(parts, { logger: null });
  open.push(desk);
  const heard: string[] = [];
  desk.said.connect((_sender, { text }) => void heard.push(text));
  const end = await desk.subscribe('letters');
  const added = await parts.add(withTopics('memory:part-two', 'part-two', log));
  expect(log.filter((each) => each === 'subscribe letters')).toHaveLength(2);
  await parts.remove(added);
  await end();
  expect(log.filter((each) => each === 'end letters')).toHaveLength(2);
  const secret = desk.subscribe('secret');
  await expect(secret).rejects.toThrow('the broker does not allow it');
});
