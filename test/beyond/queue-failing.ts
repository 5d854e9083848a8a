import { expect } from 'vitest';
import { RpcError } from '../../src/index.js';
import { until } from '../support/core-waiting.js';
import { type Check, forever, type Queue, untilKnown } from './queue-ends.js';
import type { QueueEngine } from './queue-engines.js';

/** What became of two tasks whose server was killed: the first one was to be tried once. */
interface Killed {
  readonly done: readonly { readonly n: number; readonly attempt: unknown }[];
  readonly dead: readonly string[];
}

const kills = new WeakMap<QueueEngine, Promise<Killed>>();

/** Kills a server at its work, once for all the checks of an engine. */
function killed(queue: Queue): Promise<Killed> {
  const known = kills.get(queue.engine) ?? killServer(queue);
  kills.set(queue.engine, known);
  return known;
}

async function killServer(queue: Queue): Promise<Killed> {
  const lease = '&lease=600';
  const boss = await queue.boss();
  boss.to(null, { delivery: { attempts: 1 } }).job({ n: 1 });
  boss.remote.job({ n: 2 });
  await boss.flush();
  const program = await queue.program('work', lease);
  await program.writes('begun 1');
  await program.writes('begun 2');
  await program.kill();
  const done: { n: number; attempt: unknown }[] = [];
  await queue.worker(
    (side) => side.job.connect((sender, { n }) => void done.push({ n, attempt: sender.peer.info.attempt })),
    lease,
  );
  await until(() => done.length > 0);
  await untilKnown(async () => (await queue.engine.dead(queue.name)).length > 0);
  return { done, dead: await queue.engine.dead(queue.name) };
}

/** Checks of what becomes of tasks that are not done at once. */
export const failing: Readonly<Record<string, Check>> = {
  // Nobody knows whether the killed server had finished: the task is carried out again.
  delivery: async (queue) => expect((await killed(queue)).done).toEqual([{ n: 2, attempt: 2 }]),
  'the server is killed': async (queue) => expect((await killed(queue)).done).toEqual([{ n: 2, attempt: 2 }]),
  'the server is killed in each attempt': async (queue) =>
    expect((await killed(queue)).dead).toEqual([
      // The server of NATS does not say why a message has come again.
      expect.stringMatching(/^its worker ended(, or was closed,)? before it was handled, in each of 1 attempts$/),
    ]),

  'a handler works longer than its `lease`': async (queue) => {
    const boss = await queue.boss();
    let begun = 0;
    await queue.worker((side) => {
      side.job.connect(() => {
        begun++;
        return forever();
      });
    }, '&lease=900');
    boss.remote.job({ n: 1 });
    await until(() => begun === 1);
    await queue.engine.renewed(queue.name);
    expect(begun).toBe(1);
  },

  'the server is closed': async (queue) => {
    const boss = await queue.boss();
    boss.remote.job({ n: 1 });
    let begun = 0;
    // No lease ends during the test.
    const first = await queue.worker((side) => {
      side.job.connect(() => {
        begun++;
        return forever();
      });
    }, '&lease=600000');
    await until(() => begun === 1);
    await first.close();
    let attempt: unknown;
    await queue.worker((side) => {
      side.job.connect((sender) => {
        attempt = sender.peer.info.attempt;
      });
    }, '&lease=600000');
    await until(() => attempt !== undefined);
    // A server of NATS takes one back where it has sent the message to the side that was closed.
    expect(queue.cell.endsWith('does not count') ? [1] : [1, 2]).toContain(attempt);
  },

  'the caller is killed': async (queue) => {
    const caller = await queue.program('ask');
    await caller.kill();
    let count = 0;
    const done: number[] = [];
    await queue.worker((side) => {
      side.add.connect((_sender, { a, b }) => {
        count++;
        return a + b;
      });
      side.job.connect((_sender, { n }) => void done.push(n));
    });
    if (queue.cell === 'goes on') {
      await until(() => done.length === 1);
      expect(done).toEqual([3]);
      return;
    }
    await until(() => count === 1);
    const boss = await queue.boss();
    const same = boss.to(null, { delivery: { key: 'the only one' } });
    expect([await same.add({ a: 0, b: 0 }), count]).toEqual([3, 1]);
  },

  'the database or broker is restarted': async (queue) => {
    const boss = await queue.boss();
    const hasty = await queue.boss({ limits: { connectMs: 300 } });
    const done: number[] = [];
    await queue.worker((side) => side.job.connect((_sender, { n }) => void done.push(n)));
    boss.remote.job({ n: 1 });
    await until(() => done.includes(1));
    let flushed: Promise<void> | undefined;
    await queue.engine.restart?.(async () => {
      boss.remote.job({ n: 2 });
      flushed = boss.flush();
      flushed.catch(() => {});
      hasty.remote.job({ n: 3 });
      await expect(hasty.flush()).rejects.toThrow('not everything was stored');
    });
    await flushed;
    await until(() => done.includes(2));
  },

  'a handler throws': async (queue) => {
    const boss = await queue.boss();
    const attempts: string[] = [];
    await queue.worker((side) => {
      side.add.connect(() => {
        attempts.push('add');
        throw new RpcError('not today', 4_000);
      });
      side.other.connect(() => {
        attempts.push('other');
        throw new Error('no luck');
      });
      side.job.connect(() => {
        attempts.push('job');
        throw new RpcError('not today', 4_000);
      });
    }, '&attempts=2');
    if (queue.cell === 'again, then dead') {
      boss.remote.job({ n: 1 });
      await untilKnown(async () => (await queue.engine.dead(queue.name)).length === 1);
      expect(attempts).toEqual(['job', 'job']);
      return;
    }
    await expect(boss.remote.add({ a: 1, b: 1 })).rejects.toMatchObject({ code: 4_000, message: 'not today' });
    await expect(boss.remote.other()).rejects.toBeInstanceOf(RpcError);
    expect(attempts).toEqual(['add', 'other', 'other']);
    expect(await queue.engine.dead(queue.name)).toEqual(['no luck']);
  },

  'a dead task': async (queue) => {
    const boss = await queue.boss();
    await queue.worker((side) => {
      side.job.connect((_sender, { n }) => {
        throw new Error(`no luck with ${n}`);
      });
    }, '&attempts=1');
    for (const n of [1, 2]) boss.remote.job({ n });
    await untilKnown(async () => (await queue.engine.dead(queue.name)).length === 2);
    expect([...(await queue.engine.dead(queue.name))].sort()).toEqual(['no luck with 1', 'no luck with 2']);
  },

  '`attempts`': async (queue) => {
    const boss = await queue.boss();
    let begun = 0;
    await queue.worker((side) => {
      side.job.connect(() => {
        begun++;
        throw new Error('no luck');
      });
    }, '&attempts=1');
    boss.to(null, { delivery: { attempts: 3 } }).job({ n: 1 });
    await untilKnown(async () => (await queue.engine.dead(queue.name)).length === 1);
    expect(begun).toBe(3);
  },
};
