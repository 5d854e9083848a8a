import { describe, expect, it } from 'vitest';
import { Random } from '../../src/testing/random.js';
import { inOrder, type Setting, Sides, turn } from './journal-sides.js';

/** What both sides say and hear while their links are cut at random. */
async function schedule(seed: number, setting: Setting, steps = 150): Promise<void> {
  const random = new Random(seed);
  const heard: [number[], number[]] = [[], []];
  const runs = new Map<number, number>();
  const answered: Promise<unknown>[] = [];
  const expected: unknown[] = [];
  const said = [0, 0];
  const streams: Promise<number[]>[] = [];
  let calls = 0;
  const once = (n: number): number => {
    runs.set(n, (runs.get(n) ?? 0) + 1);
    return n * 2;
  };
  const sides = await Sides.open(setting, ({ near, far }) => {
    far.ask.connect(async (_sender, { n }) => {
      for (let turns = n % 3; turns > 0; turns--) await turn();
      return once(n);
    });
    far.count.connect(async function* (_sender, { to }) {
      for (let n = 1; n <= to; n++) yield n;
    });
    far.note.connect((_sender, { n }) => void heard[1].push(n));
    near.confirm.connect((_sender, { n }) => once(n));
    near.told.connect((_sender, { n }) => void heard[0].push(n));
  });
  const { near, far } = sides;
  const text = (): string => 'x'.repeat(random.int(0, random.next() < 0.3 ? setting.window / 3 : 100));
  const call = (ask: (args: { n: number; text: string }) => Promise<number>): void => {
    const n = ++calls;
    expected.push(n * 2);
    answered.push(ask({ n, text: text() }));
  };
  for (let step = 0; step < steps; step++) {
    const chance = random.next();
    if (chance < 0.15) near.note(null, { n: ++(said as [number, number])[0], text: text() });
    else if (chance < 0.3) far.told(null, { n: ++(said as [number, number])[1], text: text() });
    else if (chance < 0.4) call((args) => near.ask(null, args));
    else if (chance < 0.5) call((args) => far.confirm(null, args));
    else if (chance < 0.52) {
      const to = random.int(1, 50);
      const items: number[] = [];
      streams.push(
        (async () => {
          for await (const item of near.count(null, { to })) items.push(item);
          expect(items).toEqual(Array.from({ length: to }, (_, n) => n + 1));
          return items;
        })(),
      );
    } else if (chance < 0.85) sides.way.ends[random.of([0, 1] as const)].deliver();
    else if (chance < 0.9 && sides.way.up) {
      sides.way.cut(random);
      // Either end may learn of it first, or only when the session goes on elsewhere.
      for (const end of sides.way.ends) if (random.next() < 0.7) end.close(new Error('cut'));
    } else if (chance < 0.95 && !sides.way.up) sides.resume();
    if (random.next() < 0.3) await turn();
  }
  await sides.settle();
  expect(await Promise.all(answered)).toEqual(expected);
  await Promise.all(streams);
  expect([...runs.values()].every((times) => times === 1)).toBe(true);
  const counted = (n: number): number[] => Array.from({ length: n }, (_, at) => at + 1);
  expect(heard).toEqual([counted(said[1] as number), counted(said[0] as number)]);
  expect(sides.disconnected).toEqual([]);
  // Acknowledged in the end: nothing is kept.
  for (const journal of sides.journals) journal.acknowledge();
  await sides.settle();
  expect(sides.journals.map(({ numbers }) => numbers.keptBytes)).toEqual([0, 0]);
  await Promise.all([near.close(), far.close()]);
}

const settings: Record<string, Setting> = {
  jrpc: { codec: 'jrpc', window: 1024 * 1024 },
  'jrpc with the smallest window': { codec: 'jrpc', window: 64 * 1024 },
  'msgpack with the smallest window': { codec: 'msgpack', window: 64 * 1024 },
  'a security that insists on the order': { codec: 'jrpc', window: 64 * 1024, security: () => inOrder(false) },
  'one that takes its time': { codec: 'msgpack', window: 64 * 1024, security: () => inOrder(true) },
};

describe.each(Object.entries(settings))('%s', (_name, setting) => {
  it('settles each call once, runs it once, and loses no notification, however links are cut', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      try {
        await schedule(seed, setting);
      } catch (cause) {
        throw new Error(`it fails with the seed ${seed}: ${(cause as Error).message}`, { cause });
      }
    }
  }, 60_000);
});
