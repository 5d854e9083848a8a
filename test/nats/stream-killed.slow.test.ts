import { describe, expect, it } from 'vitest';
import { nats } from '../support/nats-server.js';
import { kill } from '../support/stream-killing.js';

describe.skipIf(nats.absent)(`a stream of NATS whose workers are killed${nats.why}`, () => {
  it('loses nothing, in 50 kills and 3 restarts of the server', { timeout: 600_000 }, async () => {
    const { lost, doubles, dead } = await kill({ jobs: 10_000, kills: 50, restarts: 3, inFlight: 8 });
    expect(lost).toEqual([]);
    // A restart of the server may lose the acknowledgements that are on their way, of each of four workers.
    expect(doubles).toBeLessThanOrEqual((50 + 3 * 4) * 8);
    expect(dead).toEqual(Array.from({ length: 100 }, (_each, n) => n * 100 + 99));
  });
});
