import { getEventListeners } from 'node:events';
import { stopClock } from 'obverse/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { time } from '../../src/base/time.js';
import {
  type CallOptions,
  Code,
  type Inverted,
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
  TimeoutError,
  UsageError,
} from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { failure } from '../support/core-waiting.js';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) steps(_sender: Sender, _args: { for: number }): Reply<string, number> {}
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { n: unknown }): Reply<unknown> {}
}

class Far extends RemoteAPI {
  @outgoing({ hasReply: true }) ask(_to: Receivers, _args: { n: number }): Reply<unknown> {}
  @outgoing told(_to: Receivers, _args: { n: number }): void {}
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((side) => side.close()));
});

async function sides(options: Options = {}): Promise<{ server: Side<Desk>; client: Side<Inverted<Desk>> }> {
  const server = await Desk.serve('tcp://127.0.0.1:0', { logger: null });
  const client = await Desk.invert().connect(server.address, { logger: null, ...options });
  open.push(client, server);
  // Reports progress all the time.
  server.steps.connect(
    (sender, { for: ms }) =>
      new Promise((resolve) => {
        let n = 0;
        const step = setInterval(() => sender.progress(n++), 10);
        const end = (): void => {
          clearInterval(step);
          resolve('done');
        };
        setTimeout(end, ms);
        sender.signal.addEventListener('abort', end);
      }),
  );
  server.echo.connect((sender, { n }) => {
    if (n === 'fail') throw new RangeError('cannot');
    sender.replyMetadata = { n };
    return n;
  });
  return { server, client };
}

describe('progress renews the timeout', () => {
  /** Calls a peer that reports progress all the time and sends nothing else, whatever the time limit of the call. */
  async function timeOf(options: CallOptions, every = 10): Promise<number> {
    const played = new Played();
    const far = played.visit();
    const api = await Far.connect(played.maker, { logger: null });
    await turn();
    open.push(api);
    using clock = stopClock();
    const start = time();
    const asked = failure(api.to(null, options).ask({ n: 1 }));
    await turn();
    const { id } = far.heard.findLast(({ method }) => method === 'ask');
    let over: number | undefined;
    void asked.then(() => {
      over = time() - start;
    });
    while (over === undefined && clock.turned < 10_000) {
      await clock.turn(every);
      far.say({ jsonrpc: '2.0', method: 'rpc.progress', params: [id, 1] });
    }
    expect(await asked).toBeInstanceOf(TimeoutError);
    return over ?? Number.NaN;
  }

  it('until maxTimeout', async () => {
    expect(await timeOf({ timeout: 1_000, maxTimeout: 1_500 })).toBe(1_500);
  });

  it('without limit if there is no maxTimeout', async () => {
    let steps = 0;
    await timeOf({ timeout: 300, onProgress: () => steps++ });
    expect(steps).toBeGreaterThan(0);
  });

  it('and the shorter of timeout and maxTimeout applies, also without progress', async () => {
    expect(await timeOf({ timeout: 60_000, maxTimeout: 50 }, 60_000)).toBe(50);
  });
});

describe('a signal', () => {
  it('has no listener after its call has ended, however it ended', async () => {
    const { client } = await sides();
    const { signal } = new AbortController();
    const listeners = () => getEventListeners(signal, 'abort').length;
    const view = client.to(null, { signal });
    const asked = view.echo({ n: 1 });
    expect(listeners()).toBe(1);
    expect(await asked).toBe(1);
    expect(listeners()).toBe(0);
    expect((await failure(view.echo({ n: 'fail' }))).message).toBe('cannot');
    expect(listeners()).toBe(0);
    // An argument that cannot be sent.
    expect(await failure(view.echo({ n: 5n }))).toBeInstanceOf(UsageError);
    expect(listeners()).toBe(0);
  });

  it('without a reason rejects with the plain message of Aborted', async () => {
    const { client } = await sides();
    const controller = new AbortController();
    const view = client.to(null, { signal: controller.signal });
    const asked = failure(view.steps({ for: 10_000 }));
    controller.abort();
    const name = 'Aborted';
    expect(await asked).toMatchObject({ name, message: 'the call was cancelled' });
    expect(await failure(view.echo({ n: 1 }))).toMatchObject({ name, message: 'the call was cancelled' });
  });
});

describe('metadata', () => {
  it('of an answer is returned by detailed', async () => {
    const { client } = await sides();
    const view = client.to(null, { metadata: {} });
    expect(await view.detailed.echo({ n: 5 })).toEqual({ value: 5, metadata: { n: 5 } });
    expect(await view.echo({ n: 5 })).toBe(5);
  });

  it('of a call must fit into a frame with the call', async () => {
    const { client } = await sides({ limits: { sentFrameBytes: 1_000 } });
    const view = client.to(null, { metadata: { text: 'x'.repeat(1_000) } });
    expect(await failure(view.echo({ n: 1 }))).toMatchObject({ code: Code.TooLarge });
    expect(client.pendingCalls()).toEqual([]);
    expect(await client.echo(null, { n: 1 })).toBe(1);
  });

  it.each([true, false])('of a call is in the same frame as the call if frames can be lost: bus %s', async (bus) => {
    const played = new Played();
    const far = played.visit('far', { bus });
    const api = await Far.connect(played.maker, { logger: null, codec: 'jrpc' });
    await turn();
    open.push(api);
    await turn();
    const before = far.sends.flat().length;
    api.to(null, { metadata: { a: 1 } }).told({ n: 5 });
    await turn();
    const frames = far.sends.flat().slice(before);
    const about = { jsonrpc: '2.0', method: 'rpc.about', params: { call: null, metadata: { a: 1 } } };
    const call = { jsonrpc: '2.0', method: 'told', params: { n: 5 } };
    expect(frames.map((frame) => JSON.parse(frame as string))).toEqual(bus ? [[about, call]] : [about, call]);
  });

  it('of a dialect has a progress token only if onProgress is set', async () => {
    const played = new Played();
    const far = played.visit();
    const api = await Far.connect(played.maker, { logger: null, codec: 'jrpc?dialect=lsp' });
    await turn();
    open.push(api);
    const asked = [
      failure(api.to(null, { timeout: 5_000, metadata: { a: 1 } }).ask({ n: 1 })),
      failure(api.to(null, { onProgress: () => {} }).ask({ n: 2 })),
    ];
    await turn();
    expect(far.heard.map(({ params }) => params)).toEqual([{ n: 1 }, { n: 2, workDoneToken: 2 }]);
    await api.close();
    await Promise.all(asked);
  });
});
