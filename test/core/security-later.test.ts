import { describe, expect, it } from 'vitest';
import {
  Code,
  ConnectionLost,
  type Frame,
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type RpcError,
  type Security,
  type Sender,
} from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { failure, Log, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<unknown> {}
  @incoming tell(_sender: Sender, _args: { n: number }): void {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: { n: number }): Reply<unknown> {}
  @outgoing news(_to: Receivers, _args: { n: number }): void {}
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends base64, with a different delay for each message. Some it seals at once, as a cache might. */
class Slow implements Security {
  private seed = 7;
  constructor(private readonly ms = 8) {}

  async open(payload: Frame): Promise<Frame> {
    await wait(this.next());
    return Buffer.from(payload as string, 'base64').toString();
  }
  seal(payload: Frame): ReturnType<Security['seal']> {
    const sealed = { info: { by: 'slow' }, payload: Buffer.from(payload as string).toString('base64') };
    const ms = this.next();
    return ms === 0 ? sealed : wait(ms).then(() => sealed);
  }
  private next(): number {
    this.seed = (this.seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return this.seed % this.ms;
  }
}
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe.each(['tcp://127.0.0.1:0', 'memory:sealed'])('over %s, an asynchronous security', (url) => {
  it('keeps the order in both directions, and replaces every message', async () => {
    await using server = await Spec.serve(url, { security: new Slow() });
    const told: number[] = [];
    const infos = new Set<unknown>();
    server.tell.connect((_sender, { n }) => void told.push(n));
    server.ask.connect((sender, { n }) => {
      told.push(n);
      infos.add(JSON.stringify(sender.securityInfo));
      server.news(sender, { n });
      return n * 10;
    });
    await using client = await Spec.invert().connect(server.address, { security: new Slow() });
    const heard: number[] = [];
    client.news.connect((_sender, { n }) => void heard.push(n));
    const answers = upTo(60).map((n) => (n % 3 === 0 ? client.tell(null, { n }) : client.remote.ask({ n })));
    expect(await Promise.all(answers)).toEqual(upTo(60).map((n) => (n % 3 === 0 ? undefined : n * 10)));
    await until(() => told.length === 60);
    expect(told).toEqual(upTo(60));
    expect(heard).toEqual(upTo(60).filter((n) => n % 3 !== 0));
    expect([...infos]).toEqual(['{"by":"slow"}']);
  });

  it('still sends messages that were sent before a close, and delivers messages that arrived before one', async () => {
    const server = await Spec.serve(url, { security: new Slow() });
    const told: number[] = [];
    server.tell.connect((_sender, { n }) => void told.push(n));
    const gone = new Promise((resolve) => server.on('disconnect', resolve));
    const client = await Spec.invert().connect(server.address, { security: new Slow() });
    for (const n of upTo(10)) client.tell(null, { n });
    await client.close();
    await gone;
    expect(told).toEqual(upTo(10));
    await server.close();
  });

  it('closes a peer for good after the messages that were sent to it', async () => {
    await using server = await Spec.serve(url, { security: new Slow() });
    server.ask.connect((sender, { n }) => {
      server.news(sender, { n });
      void sender.peer.close();
      return 'too late for this';
    });
    await using client = await Spec.invert().connect(server.address, { security: new Slow() });
    const heard: number[] = [];
    client.news.connect((_sender, { n }) => void heard.push(n));
    await client.remote.ask({ n: 5 }).catch(() => {});
    await until(() => heard.length === 1 && client.peers.size === 0);
  });
});

/** A side whose security waits until the test lets it continue. */
async function held(options: object = {}, security: Partial<Security> = {}) {
  const played = new Played();
  const far = played.visit();
  const log = new Log();
  const sealing: { go: (info?: object) => void; fail: (error: Error) => void }[] = [];
  const opening: { go: () => void; fail: (error: Error) => void }[] = [];
  const api = await Spec.connect(played.maker, {
    codec: 'jrpc?hello=off',
    logger: log,
    security: {
      seal: () =>
        new Promise((resolve, fail) => sealing.push({ go: (info = {}) => resolve({ info: info as never }), fail })),
      open: (payload) => new Promise((resolve, fail) => opening.push({ go: () => resolve(payload), fail })),
      ...security,
    },
    ...options,
  });
  await turn();
  const say = (...messages: object[]) => {
    for (const one of messages) far.say({ jsonrpc: '2.0', method: 'rpc.secinfo', params: { by: 'far' } }, one);
  };
  return { api, played, far, log, sealing, opening, say };
}
const tell = (n: number) => ({ jsonrpc: '2.0', method: 'tell', params: { n } });

describe('a message that cannot be sealed', () => {
  it('fails only its call, at once', async () => {
    const { api, far, sealing, log } = await held();
    const [first, second] = [api.question(null, { n: 1 }), api.question(null, { n: 2 })];
    const failed = failure(first);
    sealing[0]?.fail(new Error('no key'));
    sealing[1]?.go();
    expect((await failed).message).toBe('no key');
    await turn();
    expect(far.heard.map(({ params }) => params.n)).toEqual([2]);
    far.say({ jsonrpc: '2.0', id: far.heard[0].id, result: 'fine' });
    expect(await second).toBe('fine');
    expect(log.warnings).toEqual([]);
  });

  it('is reported if it is a notification', async () => {
    const { api, far, sealing, log } = await held();
    api.news(null, { n: 1 });
    api.news(null, { n: 2 });
    sealing[0]?.fail(new Error('no key'));
    sealing[1]?.go();
    await turn();
    expect(log.texts).toEqual(['no key']);
    expect(far.heard.map(({ params }) => params.n)).toEqual([2]);
  });

  it('affects no other message if it fails before it is due', async () => {
    const { api, far, sealing, log } = await held();
    api.news(null, { n: 1 });
    api.news(null, { n: 2 });
    // An unhandled rejection would end the process.
    sealing[1]?.fail(new Error('no key'));
    await turn();
    await turn();
    sealing[0]?.go();
    await turn();
    expect(log.texts).toEqual(['no key']);
    expect(far.heard.map(({ params }) => params.n)).toEqual([1]);
  });

  it('is reported to the caller if it is an answer', async () => {
    const { api, far, sealing, opening, say, log } = await held();
    api.ask.connect(() => 'x');
    say({ jsonrpc: '2.0', id: 7, method: 'ask' });
    opening[0]?.go();
    await until(() => sealing.length === 1);
    sealing[0]?.fail(new Error('no key'));
    await until(() => sealing.length === 2);
    sealing[1]?.go();
    await turn();
    expect(far.heard).toMatchObject([{ id: 7, error: { message: 'the answer could not be sealed' } }]);
    expect(log.texts).toEqual(['no key']);
  });

  it('delays the end of a side by no more than stalledMs', async () => {
    const { api, far } = await held({ limits: { stalledMs: 50 } });
    const asked = failure<RpcError>(api.question(null, { n: 1 }));
    await api.close();
    expect(await asked).toBeInstanceOf(ConnectionLost);
    expect(far.closes.length).toBe(1);
  });

  it('counts against a limit: messages that wait to be sealed do not accumulate', async () => {
    const { api } = await held({ limits: { bufferedBytes: 10_000, stalledMs: 20 } });
    const flood = () => {
      for (let n = 0; n < 10_000; n++) api.news(null, { n });
    };
    expect(flood).toThrow(/^busy: \d+ bytes are waiting to be sealed$/);
    await api.close();

    const { api: other, sealing } = await held({ limits: { bufferedBytes: 10_000 } });
    for (let n = 0; n < 1_000; n++) {
      other.news(null, { n });
      sealing[n]?.go();
      await turn();
    }
  });
});

describe('a message that waits to be opened', () => {
  it('is refused when it is due, and the others are delivered', async () => {
    const { api, far, opening, say, log, sealing } = await held();
    const told: number[] = [];
    api.tell.connect((_sender, { n }) => void told.push(n));
    say(tell(1), tell(2), tell(3));
    expect(opening.length).toBe(1);
    opening[0]?.go();
    await until(() => opening.length === 2);
    opening[1]?.fail(new Error('forged'));
    await until(() => opening.length === 3);
    opening[2]?.go();
    await until(() => told.length === 2);
    expect(told).toEqual([1, 3]);
    expect(log.texts).toEqual(['a message was refused: forged']);
    sealing[0]?.go();
    await turn();
    expect(far.heard).toMatchObject([{ id: null, error: { code: Code.Refused } }]);
  });

  it('and is never opened does not keep a peer that has ended its link', async () => {
    const { api, far, say } = await held({ limits: { lingerMs: 50 } });
    say(tell(1), tell(2));
    const call = failure(api.question(null, { n: 1 }));
    far.receiver.closed();
    await until(() => api.peers.size === 0);
    expect((await call).message).toMatch(/has not opened a message of it within 50 ms \(limits.lingerMs\)/);
  });

  it('pauses reading before the memory is full, and reading resumes', async () => {
    const { api, far, opening, say } = await held({ limits: { bufferedBytes: 10_000 } });
    const told: number[] = [];
    api.tell.connect((_sender, { n }) => void told.push(n));
    let n = 0;
    while (!far.paused && n < 1_000) say(tell(++n));
    expect(far.paused).toBe(true);
    while (told.length < n) {
      for (const { go } of opening.splice(0)) go();
      await turn();
    }
    expect(far.paused).toBe(false);
    expect(told).toEqual(upTo(n));
  });

  it('ends a link that continues anyway', async () => {
    const { far, say } = await held({ limits: { bufferedBytes: 10_000 } });
    for (let n = 0; n < 200; n++) say(tell(n));
    expect(far.closes[0]).toMatchObject({ code: Code.Busy });
  });

  it('is delivered after a clean end, and dropped after any other', async () => {
    for (const reason of [undefined, new Error('cut')]) {
      const { api, far, opening, say } = await held();
      const told: number[] = [];
      api.tell.connect((_sender, args) => void told.push(args.n));
      const asked = failure(api.question(null, { n: 1 }));
      say(tell(1), tell(2));
      far.receiver.closed(reason);
      opening[0]?.go();
      await turn();
      opening[1]?.go();
      expect(await asked).toBeInstanceOf(ConnectionLost);
      expect(told).toEqual(reason === undefined ? [1, 2] : []);
      expect(api.peers.size).toBe(0);
    }
  });

  it('is also dropped if another message still waits to be sealed', async () => {
    const { api, far, opening, say } = await held({ limits: { stalledMs: 30 } });
    const told: number[] = [];
    api.tell.connect((_sender, { n }) => void told.push(n));
    const asked = failure(api.question(null, { n: 1 }));
    say(tell(1), tell(2));
    await api.close();
    expect(await asked).toBeInstanceOf(ConnectionLost);
    for (const { go } of opening) go();
    await turn();
    expect(told).toEqual([]);
    expect(far.closes.length).toBe(1);
  });

  it('does not delay peers that connect while the side closes', async () => {
    const { api, played, sealing } = await held({ limits: { stalledMs: 5_000 } });
    api.news(null, { n: 1 });
    const closing = api.close();
    const late = played.visit('late');
    await turn();
    expect(late.closes).toEqual([undefined]);
    sealing[0]?.go();
    await closing;
    expect(api.peers.size).toBe(0);
  });

  it('counts with queued calls towards the limit of the link', async () => {
    const { api, far, opening, say } = await held({
      concurrency: 1,
      limits: { bufferedBytes: 10_000, queuedCalls: 2 },
    });
    const finish: (() => void)[] = [];
    api.tell.connect(() => new Promise<void>((resolve) => finish.push(resolve)) as never);
    const open = async () => {
      opening.shift()?.go();
      await turn();
    };
    for (let n = 1; n <= 4; n++) say(tell(n));
    for (let n = 1; n <= 4; n++) await open();
    expect(far.paused).toBe(true);
    for (let n = 0; n < 60; n++) say(tell(n));
    for (let n = 1; n <= 4; n++) {
      finish.shift()?.();
      await turn();
    }
    // The queue has room, but too many bytes wait to be opened.
    expect(far.paused).toBe(true);
    while (far.paused && opening.length > 0) {
      await open();
      finish.shift()?.();
      await turn();
    }
    expect(far.paused).toBe(false);
    await api.close();
  });

  it('is dropped when the side is closed', async () => {
    const { api, far, opening, say } = await held({ limits: { stalledMs: 20 } });
    const told: number[] = [];
    api.tell.connect((_sender, { n }) => void told.push(n));
    say(tell(1), tell(2));
    await api.close();
    for (const { go } of opening) go();
    await turn();
    expect(told).toEqual([]);
    expect(far.closes.length).toBe(1);
  });
});
