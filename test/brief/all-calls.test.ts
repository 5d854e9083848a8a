import { describe, expect, it } from 'vitest';
import { Code, ConnectionLost, incoming, type Options, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { BriefTransport, request } from '../support/brief-transport.js';
import { until } from '../support/core-waiting.js';

class Work extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<unknown> {}
  @incoming({ hasReply: true }) quick(_sender: Sender): Reply<unknown> {}
  @incoming job(_sender: Sender, _args: { n: number }): void {}
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Handlers that wait until they are released, in the order in which they have started. */
class Gate {
  readonly started: number[] = [];
  private readonly waiting: (() => void)[] = [];

  readonly handler = (_sender: Sender, { n }: { n: number }): Promise<number> => {
    this.started.push(n);
    return new Promise((resolve) => this.waiting.push(() => resolve(n)));
  };

  async release(count = 1): Promise<void> {
    for (const go of this.waiting.splice(0, count)) go();
    await turn();
  }
}

async function served(options: Options<Work>) {
  const way = new BriefTransport();
  const side = await Work.serve(way.source, { logger: null, ...options });
  const gate = new Gate();
  side.ask.connect(gate.handler);
  return { side, way, gate };
}

describe('concurrency: { all }', () => {
  it('bounds the calls of brief links, which wait in turn', async () => {
    const { side, way, gate } = await served({ concurrency: { all: 2 } });
    await using _ = side;
    const links = [1, 2, 3, 4, 5].map((n) => way.ask(request('ask', { n })));
    await turn();
    expect(gate.started).toEqual([1, 2]);
    await gate.release();
    expect(gate.started).toEqual([1, 2, 3]);
    await gate.release(2);
    expect(gate.started).toEqual([1, 2, 3, 4, 5]);
    await gate.release(2);
    expect(await Promise.all(links.map(({ closing }) => closing))).toEqual(Array(5).fill(undefined));
    expect(links.map(({ answers }) => answers)).toMatchObject([1, 2, 3, 4, 5].map((result) => [{ result }]));
  });

  it('lets peers take turns, however many calls one of them has waiting', async () => {
    const gate = new Gate();
    await using server = await Work.serve('memory:all-calls', { concurrency: { all: 1 }, logger: null });
    server.ask.connect(gate.handler);
    await using ann = await Work.invert().connect('memory:all-calls');
    await using bob = await Work.invert().connect('memory:all-calls');
    const answers = [1, 2, 3].map((n) => ann.remote.ask({ n }));
    await until(() => gate.started.length === 1);
    answers.push(...[11, 12].map((n) => bob.remote.ask({ n })));
    await turn();
    await turn();
    for (let n = 0; n < 5; n++) {
      await until(() => gate.started.length === n + 1);
      await gate.release();
    }
    await Promise.all(answers);
    expect(gate.started).toEqual([1, 2, 11, 3, 12]);
  });

  it('limits each peer as well', async () => {
    const { side, way, gate } = await served({ concurrency: { each: 1, all: 3 } });
    await using _ = side;
    const link = way.ask([1, 2, 3].map((n) => request('ask', { n })));
    way.ask(request('ask', { n: 4 }));
    await turn();
    expect(gate.started).toEqual([1, 4]);
    await gate.release(2);
    await gate.release();
    await gate.release();
    expect(await link.closing).toBeUndefined();
    expect(gate.started).toEqual([1, 4, 2, 3]);
  });

  it('answers busy above the bound on what waits, and goes on afterwards', async () => {
    const { side, way, gate } = await served({ concurrency: { all: 1 }, limits: { queuedCalls: 2 } });
    await using _ = side;
    const links = [1, 2, 3, 4].map((n) => way.ask(request('ask', { n })));
    expect(await links[3]?.closing).toMatchObject({ code: Code.Busy });
    expect(links[3]?.answers).toMatchObject([{ error: { code: Code.Busy } }]);
    for (let n = 0; n < 3; n++) await gate.release();
    expect(await Promise.all(links.slice(0, 3).map(({ closing }) => closing))).toEqual(Array(3).fill(undefined));
  });

  it('does not start what waits of a caller that has gone, and frees its place', async () => {
    const { side, way, gate } = await served({ concurrency: { all: 1 } });
    await using _ = side;
    const [, second, third] = [1, 2, 3].map((n) => way.ask(request('ask', { n })));
    await turn();
    second?.abort(new ConnectionLost('gone'));
    await gate.release();
    expect(gate.started).toEqual([1, 3]);
    await gate.release();
    expect(await third?.closing).toBeUndefined();
  });

  it('has places for others where handlers go on although their callers have gone', async () => {
    const { side, way, gate } = await served({ concurrency: { all: 2 } });
    await using _ = side;
    const gone = [1, 2].map((n) => way.ask(request('ask', { n })));
    await turn();
    for (const link of gone) link.abort(new ConnectionLost('gone'));
    const more = [3, 4, 5].map((n) => way.ask(request('ask', { n })));
    await turn();
    expect(gate.started).toEqual([1, 2, 3, 4]);
    await gate.release(5);
    await gate.release(5);
    expect(await Promise.all(more.map(({ closing }) => closing))).toEqual(Array(3).fill(undefined));
  });

  it('does not bound calls that are answered at once', async () => {
    const { side, way } = await served({ concurrency: { all: 1 } });
    await using _ = side;
    side.quick.connect(() => 1);
    const link = way.ask(Array.from({ length: 100 }, () => request('quick')));
    expect(await link.closing).toBeUndefined();
  });

  it('refuses other keys and values', async () => {
    const refused = (concurrency: unknown) =>
      Work.serve('memory:refused', { concurrency } as Options<Work>).then(
        () => 'served',
        (error: Error) => error.message,
      );
    expect(await refused({ eahc: 1 })).toMatch(/unknown option "eahc" of concurrency; did you mean each\?/);
    expect(await refused({ all: 0 })).toMatch(/"all" of concurrency must be a number from 1, not 0/);
    expect(await refused('many')).toMatch(/"concurrency" must be a number from 1, or an object such as/);
  });
});
