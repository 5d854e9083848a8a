import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cells, documented } from './guarantees.js';
import { calls } from './queue-calls.js';
import { type Check, Queue } from './queue-ends.js';
import { queues } from './queue-engines.js';
import { failing } from './queue-failing.js';
import { keeping } from './queue-keeping.js';

/*
 * The table of the section "Queues" of docs/beyond-one-machine.md: each of its cells is a test here.
 */

const checks: Readonly<Record<string, Check>> = { ...keeping, ...failing, ...calls };

describe('the table of queues of docs/beyond-one-machine.md', () => {
  it('has the rows, the columns and the cells that are tested', () => {
    const cells: Cells = {};
    for (const [name, { guarantees }] of Object.entries(queues))
      for (const [row, cell] of Object.entries(guarantees)) cells[row] = { ...cells[row], [name]: cell };
    expect(documented('Queues')).toEqual(cells);
    expect(Object.keys(checks).sort()).toEqual(Object.keys(cells).sort());
  });
});

describe.each(Object.entries(queues))('a queue over %s', (_name, engine) => {
  const { program, guarantees } = engine;
  beforeAll(() => (program?.absent === true ? undefined : engine.start()), 60_000);
  afterAll(() => (program?.absent === true ? undefined : engine.end()));
  for (const [row, check] of Object.entries(checks)) {
    const cell = guarantees[row] ?? '';
    // Not for this engine.
    if (cell === '–') continue;
    it.skipIf(program?.absent)(`${row}: ${cell}${program?.why ?? ''}`, async () => {
      await using queue = new Queue(engine, cell);
      await check(queue);
    });
  }
});
