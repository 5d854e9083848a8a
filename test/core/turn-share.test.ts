import { describe, expect, it } from 'vitest';
import { moveTime, time } from '../../src/base/time.js';
import { type Frame, incoming, type Peer, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { stopClock } from '../../src/testing/index.js';
import { Played, turn } from '../support/core-played.js';
import { RawClient } from '../support/core-raw.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<number> {}
  @incoming tell(_sender: Sender, _args: { n: number }): void {}
}
/** What a {@link Refusing} has refused. */
const refused: string[] = [];
class Refusing extends Spec {
  protected override onMessageError(_peer: Peer, error: unknown): void {
    refused.push((error as Error).message);
  }
}
const tell = (n: number) => ({ jsonrpc: '2.0', method: 'tell', params: { n } });
const ask = (n: number) => ({ jsonrpc: '2.0', id: n, method: 'ask', params: { n } });
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe('a peer that sends very many messages at once', () => {
  it.each([
    ['in one batch', (count: number) => [upTo(count).map(tell)]],
    ['in many frames', (count: number) => upTo(count).map(tell)],
  ])('%s delays others by no more than its share of a turn, and its messages stay in order', async (_name, frames) => {
    await using server = await Spec.serve('tcp://127.0.0.1:0', {
      logger: null,
      limits: { frameBytes: 16 * 1024 * 1024 },
    });
    const heard: number[] = [];
    let before = -1;
    server.tell.connect((_sender, { n }) => void heard.push(n));
    server.ask.connect((_sender, { n }) => {
      before = heard.length;
      return n;
    });
    using flooding = await RawClient.connect(server.address);
    await using honest = await Spec.invert().connect(server.address, { logger: null });
    flooding.write(...frames(100_000));
    await new Promise<void>((resolve) => {
      const look = (): void => (heard.length > 0 ? resolve() : void setImmediate(look));
      look();
    });
    expect(await honest.remote.ask({ n: 5 })).toBe(5);
    expect(before).toBeLessThan(100_000);
    flooding.write(ask(1));
    await flooding.answers(1);
    expect(heard).toEqual(upTo(100_000));
  });

  it('has no more of them refused in a turn, if security information is required', async () => {
    const played = new Played();
    const far = played.visit();
    const security = { seal: (payload: Frame) => ({ info: { by: 'me' }, payload }), open: (frame: Frame) => frame };
    const options = { codec: 'jrpc?hello=off', logger: null, security, requireSecurityInfo: true };
    await using side = await Refusing.connect(played.maker, options);
    side.tell.connect(() => void refused.push('not refused'));
    await turn();
    using _clock = stopClock();
    far.say(upTo(2_500).map(tell));
    expect(refused.length).toBeGreaterThan(900);
    expect(refused.length).toBeLessThan(1_100);
    expect(far.paused).toBe(true);
    await turn();
    await turn();
    await turn();
    expect(refused.length).toBe(2_500);
    expect(new Set(refused)).toEqual(
      new Set(['refused a message without security information, which this side requires']),
    );
  });

  it('has 1,000 dispatched in a turn, and reading is paused meanwhile', async () => {
    const played = new Played();
    const far = played.visit();
    await using side = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null });
    const heard: number[] = [];
    side.tell.connect((_sender, { n }) => void heard.push(n));
    await turn();
    // The clock is stopped: that the machine is busy has no influence.
    using _clock = stopClock();
    far.say(upTo(2_500).map(tell));
    expect(heard.length).toBeGreaterThan(900);
    expect(heard.length).toBeLessThan(1_100);
    expect(far.paused).toBe(true);
    far.say(tell(2_501));
    await turn();
    expect(heard.length).toBeLessThan(2_100);
    await turn();
    await turn();
    expect(heard).toEqual(upTo(2_501));
    expect(far.paused).toBe(false);
  });

  it('has few of those with slow handlers dispatched in a turn, once they were measured', async () => {
    const played = new Played();
    const far = played.visit();
    await using side = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null });
    const heard: number[] = [];
    await turn();
    using _clock = stopClock();
    side.tell.connect((_sender, { n }) => {
      heard.push(n);
      // A handler that takes 10 ms.
      moveTime(time() + 10);
    });
    far.say(upTo(100).map(tell));
    const turns: number[] = [];
    for (let before = 0; heard.length < 100; before = heard.length, await turn()) turns.push(heard.length - before);
    expect(turns[0]).toBeLessThan(20);
    for (const count of turns.slice(1)) expect(count).toBeLessThanOrEqual(2);
    expect(heard).toEqual(upTo(100));
  });

  it('and then ends the link cleanly has all of them handled', async () => {
    const played = new Played();
    const far = played.visit();
    await using side = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null });
    const heard: number[] = [];
    side.tell.connect((_sender, { n }) => void heard.push(n));
    await turn();
    far.say(upTo(5_000).map(tell));
    far.receiver.closed();
    expect(side.peers.size).toBe(1);
    while (side.peers.size > 0) await turn();
    expect(heard).toEqual(upTo(5_000));
  });

  it('over a link that cannot be paused is dispatched beyond its share, and not disconnected, if too much waits', async () => {
    const played = new Played();
    const far = played.visit();
    const limits = { bufferedBytes: 10_000 };
    await using side = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null, limits });
    const heard: number[] = [];
    side.tell.connect((_sender, { n }) => void heard.push(n));
    await turn();
    for (const n of upTo(20_000)) far.say(tell(n));
    expect(far.closes).toEqual([]);
    while (heard.length < 20_000) await turn();
    expect(heard).toEqual(upTo(20_000));
  });
});

it('too many bytes before the side is open end the link', async () => {
  const played = new Played();
  const far = played.visit();
  const limits = { bufferedBytes: 10_000 };
  const opening = Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null, limits });
  while (far.receiver === undefined) await Promise.resolve();
  for (const n of upTo(1_000)) far.say(tell(n));
  const side = await opening;
  expect(far.closes[0]?.message).toMatch(/wait to be dispatched, and the limit "bufferedBytes" is 10000/);
  expect(side.peers.size).toBe(0);
});
