import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../support/engines.js';
import { nats, startNats } from '../support/nats-server.js';
import { Work } from './nats-spec.js';

const MS = 10_000;

describe.skipIf(nats.absent)(`calls back over NATS with equal ids${nats.why}`, () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startNats();
  });
  afterAll(() => engine.end());

  it('go to the very caller: four callers and four workers, for ten seconds', { timeout: 60_000 }, async () => {
    const url = `nats://127.0.0.1:${engine.port}/equal`;
    const workers = await Promise.all(
      ['ann', 'bob', 'cid', 'dan'].map(async (name) => {
        const side = await Work.serve(url, { logger: null });
        side.meet.connect(async (sender) => `${name} met ${await side.name(sender)}`);
        return side;
      }),
    );
    const callers = await Promise.all(
      ['w', 'x', 'y', 'z'].map(async (name) => {
        const side = await Work.invert().connect(url, { logger: null });
        side.name.connect(() => name);
        return { side, name };
      }),
    );
    const wrong: string[] = [];
    const seen = new Set<string>();
    let calls = 0;
    const end = performance.now() + MS;
    const lane = async ({ side, name }: (typeof callers)[0]): Promise<void> => {
      while (performance.now() < end) {
        const met = await side.meet(null);
        calls++;
        seen.add(met);
        if (!met.endsWith(` met ${name}`)) wrong.push(met);
      }
    };
    await Promise.all(callers.flatMap((each) => Array.from({ length: 16 }, () => lane(each))));
    process.stderr.write(`${calls} calls, each with a call back\n`);
    expect(wrong).toEqual([]);
    expect(seen.size).toBe(16);
    for (const side of [...callers.map((each) => each.side), ...workers]) {
      expect(side.pendingCalls()).toEqual([]);
      await side.close();
      expect(side.pendingCalls()).toEqual([]);
    }
  });
});
