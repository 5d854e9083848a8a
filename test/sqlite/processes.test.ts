import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Work } from '../durable/work.js';

it('two processes hear of what the other one has written without looking from time to time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'obverse-sqlite-'));
  // Nobody would look again within the time of the test.
  const address = `sqlite:${join(folder, 'jobs.db')}?queue=jobs&poll=600000`;
  const execArgv = ['--import', 'tsx'];
  const worker = fork(new URL('./answering-program.ts', import.meta.url), [address], { execArgv });
  try {
    await once(worker, 'message');
    const boss = await Work.invert().connect(address, { logger: null, timeout: 50_000 });
    for (let n = 0; n < 50; n++) expect(await boss.remote.add({ a: n, b: 1 })).toBe(n + 1);
    await boss.close();
  } finally {
    const ended = once(worker, 'exit');
    worker.disconnect();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
