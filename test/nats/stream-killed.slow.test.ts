import { describe, expect, it } from 'vitest';
import { nats } from '../support/nats-server.js';
import { kill } from '../support/stream-killing.js';

describe.skipIf(nats.absent)(`a stream of NATS whose workers and producer are killed${nats.why}`, () => {
  it('loses nothing, in 50 kills of workers, 5 of the producer and 3 restarts of the server', {
    timeout: 900_000,
  }, async () => {
    const { lost, doubles, dead } = await kill({ jobs: 10_000, kills: 50, producers: 5, restarts: 3, inFlight: 8 });
    process.stderr.write(`${doubles} of 10,000 jobs were done twice; at most ${50 * 8} may be\n`);
    expect(lost).toEqual([]);
    expect(doubles).toBeLessThanOrEqual(50 * 8);
    expect(dead).toEqual(Array.from({ length: 100 }, (_each, n) => n * 100 + 99));
  });
});
