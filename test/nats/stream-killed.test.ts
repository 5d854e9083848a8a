import { describe, expect, it } from 'vitest';
import { nats } from '../support/nats-server.js';
import { kill } from '../support/stream-killing.js';

describe.skipIf(nats.absent)(`a stream of NATS whose workers are killed${nats.why}`, () => {
  it('loses nothing, and does no more twice than the killed workers had', { timeout: 120_000 }, async () => {
    const { lost, doubles, dead } = await kill({ jobs: 1_000, kills: 5, restarts: 1, inFlight: 8 });
    expect(lost).toEqual([]);
    // A restart of the server may lose the acknowledgements that are on their way, of each of four workers.
    expect(doubles).toBeLessThanOrEqual((5 + 4) * 8);
    expect(dead).toEqual(Array.from({ length: 10 }, (_each, n) => n * 100 + 99));
  });
});
