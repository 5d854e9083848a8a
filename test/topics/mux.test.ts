import { afterEach, expect, it } from 'vitest';
import { outgoing, type Receivers, RemoteAPI, topic } from '../../src/index.js';
import { until } from '../support/core-waiting.js';
import { withTopics } from '../support/topic-room.js';

class News extends RemoteAPI {
  @outgoing said(_to: Receivers, _args: { text: string }): void {}
}

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

it('a mux publishes and subscribes over each of its parts that has topics', async () => {
  const log: string[] = [];
  const desk = await News.serve([
    withTopics('memory:mux-one', 'mux-one', log),
    'memory:mux-two',
    withTopics('memory:mux-three', 'mux-three', log),
  ]);
  open.push(desk);
  const heard: string[] = [];
  for (const name of ['mux-one', 'mux-three']) {
    const reader = await News.invert().connect(withTopics(`memory:${name}`, name));
    open.push(reader);
    reader.said.connect((_sender, { text }) => void heard.push(`${text} by ${name}`));
    await reader.subscribe('news');
  }
  desk.said(topic('news'), { text: 'a' });
  await desk.flush();
  await until(() => heard.length === 2);
  expect(heard.sort()).toEqual(['a by mux-one', 'a by mux-three']);
  const end = await desk.subscribe('letters');
  await end();
  expect(log.filter((each) => each.includes('letters'))).toEqual([
    'subscribe letters',
    'subscribe letters',
    'end letters',
    'end letters',
  ]);
  await expect(desk.subscribe('secret')).rejects.toThrow('the broker does not allow it');
});
