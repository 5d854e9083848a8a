import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Code, RpcError, type Side, UsageError } from '../../src/index.js';
import { Log, until } from '../support/core-waiting.js';
import { type DurableEngine, engines, type Feature } from './engines.js';
import { Work } from './work.js';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

/** Keys that a header, a column or a comparison might take for one another. */
const KEYS = [
  ...['a', ' a', 'a ', 'A', 'a\nb', 'a\r\nNats-Expected-Stream: X', 'x\ty', ' ', '\u00a0', '\u3000', '\ufeff'],
  ...['%', '%20', '%2520', 'a%20', 'ü', 'u\u0308', '€', '\ud83d\ude00', '\u3000'.repeat(256), "'; --", '"', '\\'],
];
/** Keys that not every engine can keep, or keeps as the same. */
const UNFIT = ['a\0b', '\0', '\ud800', '\ud801', 'x\udc00y', '\udc00\ud800'];

describe.each(Object.entries(engines))('a queue over %s', (_name, make) => {
  const engine: DurableEngine = make();
  const { program, lacks } = engine;
  const absent = program?.absent === true;
  beforeAll(() => (absent ? undefined : engine.start()), 60_000);
  afterAll(() => (absent ? undefined : engine.end()));
  const works = (title: string, test: () => Promise<void>, ...needs: readonly Feature[]): void => {
    const missing = needs.filter((feature) => lacks.includes(feature));
    const why = missing.length > 0 ? ` (n/a: no ${missing.join(', ')})` : (program?.why ?? '');
    it.skipIf(absent || missing.length > 0)(title + why, test);
  };
  let used = 0;
  const queue = (): string => `a${used}`;
  const at = (query = ''): string => engine.address(queue()) + query;
  async function writer(query = '') {
    used++;
    const side = await Work.invert().connect(at(query), { logger: null, timeout: 20_000 });
    open.push(side);
    return side;
  }
  async function worker(
    query: string,
    work: (side: Side<Work>) => void,
    options: Parameters<typeof Work.serve>[1] = {},
  ) {
    const side = await Work.serve(at(`&backoff=10&lease=60000${query}`), { logger: null, ...options });
    open.push(side);
    work(side);
    return side;
  }

  works(
    'whose workers refuse tasks because they have too many has all of them done, each in its first attempt',
    async () => {
      const boss = await writer();
      for (let n = 0; n < 8; n++) boss.remote.job({ n });
      await boss.flush();
      const log = new Log();
      const attempts: unknown[] = [];
      const done: number[] = [];
      const release: (() => void)[] = [];
      await worker(
        '&attempts=2',
        (side) =>
          side.job.connect(async ({ peer }, { n }) => {
            attempts.push(peer.info.attempt);
            await new Promise<void>((resolve) => release.push(resolve));
            done.push(n);
          }),
        { logger: log, concurrency: { each: 1, all: 1 }, limits: { queuedCalls: 1 } },
      );
      // One is at work and one waits: six are refused.
      await until(() => log.texts.some((text) => text.includes('busy: 1 calls wait already')));
      while (done.length < 8) {
        await until(() => release.length > 0);
        release.shift()?.();
        const before = done.length;
        await until(() => done.length > before);
      }
      expect(done.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      expect(attempts).toEqual(Array.from({ length: 8 }, () => 1));
      await expect.poll(() => engine.pending(queue()), { timeout: 20_000 }).toBe(0);
      expect(await engine.dead(queue())).toEqual([]);
    },
  );

  works('whose worker has too many tasks leaves the others to those that have room', async () => {
    const boss = await writer();
    const one = { logger: null, concurrency: { each: 1, all: 1 }, limits: { queuedCalls: 1 } };
    let isHeld = false;
    // The server of NATS counts what is given back.
    const attempts = `&attempts=${lacks.includes('rows') ? 3 : 1}`;
    const side = await worker(
      `${attempts}&inFlight=4`,
      (side) =>
        side.job.connect(() => {
          isHeld = true;
          return new Promise(() => {});
        }),
      one,
    );
    for (let n = 0; n < 20; n++) boss.remote.job({ n });
    await boss.flush();
    await until(() => isHeld);
    const done = new Set<number>();
    await worker(attempts, (free) => free.job.connect((_sender, { n }) => void done.add(n)));
    // Over a stream, what it was given stays with it.
    await until(() => done.size >= (lacks.includes('rows') ? 16 : 18));
    await side.close();
    await until(() => done.size === 20);
    expect(await engine.dead(queue())).toEqual([]);
  });

  works('whose handler passes on that somebody else is busy counts that as a failure', async () => {
    const boss = await writer();
    let begun = 0;
    await worker('&attempts=2', (side) =>
      side.job.connect(() => {
        begun++;
        throw new RpcError('busy: the bank', Code.Busy);
      }),
    );
    boss.remote.job({ n: 1 });
    await expect
      .poll(async () => (await engine.dead(queue())).map(({ reason }) => reason), { timeout: 20_000 })
      .toEqual(['busy: the bank']);
    expect(begun).toBe(2);
  });

  works(
    'answers with such an error after the last attempt',
    async () => {
      const boss = await writer();
      await worker('&attempts=2', (side) =>
        side.other.connect(() => {
          throw new RpcError('busy: the bank', Code.Busy);
        }),
      );
      await expect(boss.remote.other()).rejects.toMatchObject({ message: 'busy: the bank', code: Code.Application });
    },
    'requests',
  );

  works('keeps keys apart that differ in a space, a control character or the form of a letter', async () => {
    const boss = await writer();
    for (const [n, key] of KEYS.entries()) boss.to(null, { delivery: { key } }).job({ n });
    for (const key of KEYS) boss.to(null, { delivery: { key } }).job({ n: -1 });
    await boss.flush();
    const seen = new Map<number, unknown>();
    await worker('&inFlight=1', (side) => side.job.connect(({ peer }, { n }) => void seen.set(n, peer.info.key)));
    await until(() => seen.size === KEYS.length);
    expect([...seen]).toEqual([...KEYS.entries()]);
    await expect.poll(() => engine.pending(queue()), { timeout: 20_000 }).toBe(0);
    expect(seen.size).toBe(KEYS.length);
  });

  works(
    'refuses a key with a character 0 or half of a pair at the call, and stores what else the turn has written',
    async () => {
      const boss = await writer();
      boss.remote.job({ n: 1 });
      for (const key of UNFIT) {
        const text = 'without the character 0 and halves of pairs (surrogates), not a string';
        expect(() => boss.to(null, { delivery: { key } })).toThrow(UsageError);
        expect(() => boss.with({ delivery: { key } })).toThrow(text);
      }
      boss.remote.job({ n: 2 });
      await boss.flush();
      const done: number[] = [];
      await worker('&inFlight=1', (side) => side.job.connect((_sender, { n }) => void done.push(n)));
      await until(() => done.length === 2);
      expect(done).toEqual([1, 2]);
    },
  );

  works(
    'stores what a turn has written beside a call of a method with a character 0',
    async () => {
      const boss = await writer();
      const side = boss as unknown as { notifyPath(path: string, args: unknown): void };
      side.notifyPath('no\0body', { n: 1 });
      boss.remote.job({ n: 2 });
      await boss.flush();
      const done: number[] = [];
      await worker('&attempts=1', (side) => side.job.connect((_sender, { n }) => void done.push(n)));
      await until(() => done.length === 1);
      await expect.poll(() => engine.pending(queue()), { timeout: 20_000 }).toBe(0);
      expect(await engine.dead(queue())).toHaveLength(1);
    },
    'rows',
  );

  works(
    'tells who writes a notification that its key belongs to a call of another method',
    async () => {
      const boss = await writer();
      const to = boss.to(null, { delivery: { key: 'order-7' } });
      await worker('', (side) => side.add.connect((_sender, { a, b }) => a + b));
      expect(await to.add({ a: 1, b: 1 })).toBe(2);
      to.job({ n: 1 });
      boss.remote.job({ n: 2 });
      await expect(boss.flush()).rejects.toThrow(
        /^not everything was stored: the key "order-7" belongs to a call of add, task \d+: use another key for job$/,
      );
      await boss.flush();
    },
    'requests',
  );

  works(
    'refuses a time to keep tasks that is no whole number of ms',
    async () => {
      for (const keep of ['1000.5', '1e3.5', '2000.000001'])
        await expect(writer(`&keep=${keep}`)).rejects.toThrow(UsageError);
      const boss = await writer('&keep=1e3');
      boss.remote.job({ n: 1 });
      await boss.flush();
    },
    'rows',
  );

  works(
    'counts the bytes of an answer that is larger than the caller accepts',
    async () => {
      const boss = await Work.invert().connect(engine.address(`a${++used}`), {
        logger: null,
        timeout: 20_000,
        limits: { frameBytes: 10_000 },
      });
      open.push(boss);
      await worker('', (side) => side.ask.connect(() => '€'.repeat(9_000)));
      await expect(boss.remote.ask()).rejects.toThrow(
        /^the answer of task \d+ has 270\d\d bytes, too many for this side$/,
      );
    },
    'requests',
  );
});
