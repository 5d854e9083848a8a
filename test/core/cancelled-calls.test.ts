import { describe, expect, it } from 'vitest';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { stopClock } from '../../src/testing/index.js';
import { Log, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) hang(_sender: Sender, _args: object): Reply<number> {}
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<number> {}
  @incoming tell(_sender: Sender, _args: object): void {}
}

/** A server whose handlers of `hang` run until they are released, whatever their signals; and a client that cancels its calls. */
async function sides(concurrency: number) {
  const log = new Log();
  const server = await Spec.serve('tcp://127.0.0.1:0', { logger: log, concurrency });
  const running: (() => void)[] = [];
  let told = 0;
  let aborted = 0;
  const hang = ({ signal }: Sender) => {
    signal.addEventListener('abort', () => void aborted++);
    return new Promise<number>((resolve) => running.push(() => resolve(1)));
  };
  server.hang.connect(hang);
  server.ask.connect(async () => 2);
  server.tell.connect(() => void told++);
  const client = await Spec.invert().connect(server.address, { logger: null });
  /** Makes this many calls that hang, waits until they run, and cancels them. */
  const cancelled = async (count: number) => {
    const before = running.length;
    const stop = new AbortController();
    const calls = Array.from({ length: count }, () => client.to(null, { signal: stop.signal }).hang({}));
    const over = Promise.allSettled(calls);
    await until(() => running.length === before + count);
    stop.abort(new Error('enough'));
    await over;
    await until(() => aborted === before + count);
  };
  const seen = { running, log, server, client, cancelled, told: () => told };
  return { ...seen, [Symbol.asyncDispose]: () => Promise.all([client.close(), server.close()]).then(() => {}) };
}

const ABOUT = /were cancelled/;

describe('cancelled calls whose handlers never end', () => {
  it('let notifications and other calls run, within a second limit of the same size', async () => {
    await using far = await sides(8);
    await far.cancelled(8);
    far.client.remote.tell({});
    expect(await far.client.remote.ask({})).toBe(2);
    expect(far.told()).toBe(1);
    // These are as many as may run.
    await far.cancelled(8);
    const waits = far.client.remote.ask({});
    far.client.remote.tell({});
    let answered = false;
    void waits.then(() => {
      answered = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([answered, far.told()]).toEqual([false, 1]);
    // One that ends makes room.
    far.running[3]?.();
    expect(await waits).toBe(2);
    await until(() => far.told() === 2);
  });

  it('are reported once for each peer, after their handlers have had time to end', async () => {
    using clock = stopClock();
    await using far = await sides(4);
    await far.cancelled(4);
    await clock.turn(100);
    expect(far.log.warnings).toEqual([]);
    await clock.turn(1_000);
    expect(far.log.warnings.map(String)).toEqual([expect.stringMatching(ABOUT)]);
    await far.cancelled(4);
    await clock.turn(5_000);
    expect(far.log.warnings.length).toBe(1);
    await using another = await Spec.invert().connect(far.server.address, { logger: null });
    expect(await another.remote.ask({})).toBe(2);
  });

  it('are not reported if the handlers end soon', async () => {
    using clock = stopClock();
    await using far = await sides(4);
    await far.cancelled(4);
    for (const end of far.running) end();
    await until(() => true);
    expect(await far.client.remote.ask({})).toBe(2);
    await clock.turn(5_000);
    expect(far.log.warnings).toEqual([]);
  });

  it('keep their place if calls run one after the other', async () => {
    await using far = await sides(1);
    await far.cancelled(1);
    const waits = far.client.remote.ask({});
    let answered = false;
    void waits.then(() => {
      answered = true;
    });
    await until(() => far.log.warnings.length === 1);
    expect(answered).toBe(false);
    far.running[0]?.();
    expect(await waits).toBe(2);
  });

  it('because of handlerTimeout let other calls run as well', async () => {
    const server = await Spec.serve('tcp://127.0.0.1:0', { logger: null, concurrency: 4, handlerTimeout: 20 });
    server.hang.connect(() => new Promise(() => {}));
    server.ask.connect(async () => 2);
    const client = await Spec.invert().connect(server.address, { logger: null });
    await Promise.allSettled(Array.from({ length: 4 }, () => client.remote.hang({})));
    expect(await client.remote.ask({})).toBe(2);
    await client.close();
    await server.close();
  });
});
