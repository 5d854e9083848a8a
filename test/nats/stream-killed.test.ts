import { describe, expect, it } from 'vitest';
import { nats } from '../support/nats-server.js';
import { kill } from '../support/stream-killing.js';

describe.skipIf(nats.absent)(`a stream of NATS whose workers and producer are killed${nats.why}`, () => {
  it('loses nothing, and does no more twice than the killed workers had', { timeout: 180_000 }, async () => {
    const { lost, doubles, dead } = await kill({ jobs: 600, kills: 4, producers: 1, restarts: 1, inFlight: 8 });
    expect(lost).toEqual([]);
    expect(doubles).toBeLessThanOrEqual(4 * 8);
    expect(dead).toEqual([99, 199, 299, 399, 499, 599]);
  });
});
