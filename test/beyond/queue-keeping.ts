import { expect } from 'vitest';
import { Code, type Side, UsageError } from '../../src/index.js';
import type { Work } from '../durable/work.js';
import { Log, until } from '../support/core-waiting.js';
import { type Check, forever, type Queue, untilKnown } from './queue-ends.js';
import { REFUSED } from './queue-engines.js';

/** Numbers from one to another. */
const upTo = (to: number, from = 1): number[] => Array.from({ length: to - from + 1 }, (_each, n) => from + n);

/** How many tasks of a queue that nobody works on are stored. */
async function stored(boss: Awaited<ReturnType<Queue['boss']>>): Promise<number | undefined> {
  const { stored, waiting } = await boss.queueStats();
  return stored ?? waiting;
}

/** Checks of how tasks are stored, and who gets them. */
export const keeping: Readonly<Record<string, Check>> = {
  'what one turn writes': async (queue) => {
    const boss = await queue.boss();
    await queue.engine.refuse(queue.name);
    boss.remote.job({ n: 1 });
    boss.to(null, { delivery: { key: REFUSED } }).job({ n: 2 });
    boss.remote.job({ n: 3 });
    await expect(boss.flush()).rejects.toThrow('not everything was stored');
    expect(await stored(boss)).toBe(queue.cell === 'all or nothing' ? 0 : 2);
  },

  '`flush`': async (queue) => {
    const boss = await queue.boss();
    await queue.engine.refuse(queue.name);
    for (const n of upTo(100)) boss.remote.job({ n });
    await boss.flush();
    expect(await stored(boss)).toBe(100);
    boss.to(null, { delivery: { key: REFUSED } }).job({ n: 101 });
    await expect(boss.flush()).rejects.toThrow('not everything was stored');
    boss.remote.job({ n: 102 });
    await boss.flush();
    expect(await stored(boss)).toBe(101);
  },

  order: async (queue) => {
    const boss = await queue.boss();
    const isByPriority = queue.cell.startsWith('by priority');
    for (const [n, priority] of [0, 0, 5, -1, 5].entries())
      if (isByPriority) boss.to(null, { delivery: { priority } }).job({ n });
      else boss.remote.job({ n });
    await boss.flush();
    const begun: number[] = [];
    await queue.worker((side) => side.job.connect((_sender, { n }) => void begun.push(n)), '&inFlight=1');
    await until(() => begun.length === 5);
    expect(begun).toEqual(isByPriority ? [2, 4, 0, 1, 3] : [0, 1, 2, 3, 4]);
  },

  'everyone receives everything, from the beginning, a task or now on': async (queue) => {
    const { engine } = queue;
    const boss = await queue.boss();
    for (const n of upTo(20)) boss.remote.job({ n });
    await boss.flush();
    const heard: Record<string, number[]> = { audit: [], bill: [], third: [], late: [] };
    let isFirst = true;
    let third: unknown;
    const listen = (name: string, from = '') =>
      queue.worker(
        (side) =>
          side.job.connect((sender, { n }) => {
            const { task, sequence } = sender.peer.info as { task?: number; sequence?: number };
            if (n === 3) third = task ?? sequence;
            if (name === 'bill' && n === 3 && isFirst) {
              isFirst = false;
              throw new Error('not yet');
            }
            heard[name]?.push(n);
          }),
        engine.everything(name) + from,
      );
    await Promise.all([listen('audit'), listen('bill')]);
    await until(() => heard.audit?.length === 20 && heard.bill?.length === 20);
    await Promise.all([listen('third', `&from=${third}`), listen('late', '&from=new')]);
    // A reader may begin some time after its side has opened.
    let last = 20;
    while (heard.late?.length === 0) {
      boss.remote.job({ n: ++last });
      await boss.flush();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await until(() => heard.audit?.at(-1) === last && heard.third?.length === last - 2);
    // What has failed once keeps its place only where the order is strict.
    const { bill = [] } = heard;
    expect(bill.slice(0, 20).sort(queue.cell.includes('strict') ? () => 0 : (a, b) => a - b)).toEqual(upTo(20));
    expect(heard.audit).toEqual(upTo(last));
    expect(heard.third).toEqual(upTo(last, 3));
    expect(heard.late?.[0]).toBeGreaterThan(20);
  },

  'tasks are shared among servers': async (queue) => {
    const boss = await queue.boss();
    const done: Record<string, number[]> = { slow: [], quick: [] };
    await queue.worker((side) => {
      side.job.connect((_sender, { n }) => {
        done.slow?.push(n);
        return forever();
      });
    }, '&inFlight=1');
    boss.remote.job({ n: 0 });
    await until(() => done.slow?.length === 1);
    await queue.worker((side) => side.job.connect((_sender, { n }) => void done.quick?.push(n)), '&inFlight=1');
    for (const n of upTo(20)) boss.remote.job({ n });
    await until(() => done.quick?.length === 20);
    expect(done).toEqual({ slow: [0], quick: upTo(20) });
  },

  'a server is slow': async (queue) => {
    const boss = await queue.boss();
    for (const n of upTo(10)) boss.remote.job({ n });
    await boss.flush();
    let [begun, done, most] = [0, 0, 0];
    await queue.worker((side) => {
      side.job.connect(async () => {
        begun++;
        most = Math.max(most, begun - done);
        await until(() => begun >= 3);
        done++;
      });
    }, '&inFlight=3');
    await until(() => done === 10);
    expect(most).toBe(3);
  },

  'a server has too many calls': async (queue) => {
    const boss = await queue.boss();
    for (const n of upTo(6)) boss.remote.job({ n });
    await boss.flush();
    const log = new Log();
    const attempts: unknown[] = [];
    // One is at work and one waits: the others are refused.
    const busy = { logger: log, concurrency: { each: 1, all: 1 }, limits: { queuedCalls: 1 } };
    const begin = (side: Side<Work>) =>
      side.job.connect(async ({ peer }) => {
        await until(() => log.texts.some((text) => text.includes('calls wait already')));
        attempts.push(peer.info.attempt);
      });
    await queue.worker(begin, '&attempts=1', busy);
    await until(() => attempts.length === 6);
    expect(new Set(attempts)).toEqual(new Set([1]));
    expect(await queue.engine.dead(queue.name)).toEqual([]);
  },

  'more is written than is stored': async (queue) => {
    const boss = await queue.boss({ limits: { bufferedBytes: 100_000, frameBytes: 50_000 } });
    let written = 0;
    let error: unknown;
    for (let n = 0; n < 10_000 && error === undefined; n++) {
      try {
        boss.remote.job({ n });
        written++;
      } catch (thrown) {
        error = thrown;
      }
    }
    expect(error).toMatchObject({ code: Code.Busy });
    await boss.flush();
    expect(await stored(boss)).toBe(written);
    boss.remote.job({ n: written });
    await boss.flush();
  },

  'nobody serves': async (queue) => {
    const boss = await queue.boss();
    for (const n of upTo(3)) boss.remote.job({ n });
    await boss.close();
    const done: number[] = [];
    await queue.worker((side) => side.job.connect((_sender, { n }) => void done.push(n)));
    await until(() => done.length === 3);
    expect(done.sort()).toEqual([1, 2, 3]);
  },

  '`key`': async (queue) => {
    const boss = await queue.boss();
    const delivery = { key: 'order-7' };
    if (queue.cell.startsWith('stored once')) {
      for (const n of upTo(2)) boss.to(null, { delivery }).job({ n });
      await boss.flush();
      expect(await stored(boss)).toBe(1);
      return;
    }
    let count = 0;
    await queue.worker((side) => side.other.connect(() => ++count));
    const answers = await Promise.all([1, 2].map(() => boss.to(null, { delivery }).other()));
    expect([...answers, await boss.to(null, { delivery }).other(), count]).toEqual([1, 1, 1, 1]);
  },

  '`delay`': async (queue) => {
    const boss = await queue.boss();
    const later = boss.to(null, { delivery: { delay: 200 } });
    if (queue.cell === 'no') {
      expect(() => later.job({ n: 1 })).toThrow(UsageError);
      return;
    }
    let after = 0;
    await queue.worker((side) => {
      side.job.connect((sender) => {
        const { stored } = sender.peer.info as { stored: Date };
        after = Date.now() - stored.getTime();
      });
    });
    later.job({ n: 1 });
    await until(() => after > 0);
    // Timers and the clock of a database may differ by a little.
    expect(after).toBeGreaterThan(190);
  },

  '`priority`': async (queue) => {
    const boss = await queue.boss();
    const first = boss.to(null, { delivery: { priority: 1 } });
    if (queue.cell === 'no') {
      expect(() => first.job({ n: 1 })).toThrow(UsageError);
      return;
    }
    boss.remote.job({ n: 2 });
    first.job({ n: 1 });
    await boss.flush();
    const begun: number[] = [];
    await queue.worker((side) => side.job.connect((_sender, { n }) => void begun.push(n)), '&inFlight=1');
    await until(() => begun.length === 2);
    expect(begun).toEqual([1, 2]);
  },

  '`queueStats()`': async (queue) => {
    const boss = await queue.boss();
    for (const n of upTo(4)) boss.remote.job({ n });
    await boss.flush();
    let begun = 0;
    const worker = await queue.worker((side) => {
      side.job.connect((_sender, { n }) => {
        begun++;
        if (n === 1) throw new Error('no luck');
        return forever();
      });
    }, '&inFlight=2&attempts=1');
    await until(() => begun === 3);
    await untilKnown(async () => (await worker.queueStats()).dead === 1);
    const isStream = queue.cell.startsWith('`stored`');
    const all = { waiting: 1, taken: 2, dead: 1 };
    expect(await worker.queueStats()).toMatchObject(
      isStream ? { ...all, stored: 5 } : { ...all, oldest: expect.any(Number) },
    );
    expect(await boss.queueStats()).toMatchObject(isStream ? { stored: 5, dead: 1 } : all);
  },
};
