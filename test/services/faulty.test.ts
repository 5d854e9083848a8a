import { expect, it } from 'vitest';
import { ConnectionLost } from '../../src/index.js';
import { faulty } from '../../src/testing/index.js';
import { failure } from '../support/core-waiting.js';
import { caller, room, worker } from './service-spec.js';

it('calls a service over faulty links, and loses the calls of a member whose link is cut', async () => {
  const url = room();
  for (const name of ['ann', 'bob']) {
    const side = await worker(url);
    side.meet.connect(async (sender) => `${name} met ${await side.name(sender)}`);
  }
  const jobs = await caller(faulty(url, {}) as never);
  jobs.name.connect(() => 'x');
  expect(await Promise.all([jobs.meet(null), jobs.meet(null)])).toEqual(['ann met x', 'bob met x']);
  const cut = await caller(faulty(url, { direction: 'in', cutAfter: 0 }) as never);
  cut.name.connect(() => 'y');
  expect(await failure(cut.meet(null))).toBeInstanceOf(ConnectionLost);
  expect(cut.stats()).toMatchObject({ peers: 1, pendingCalls: 0 });
});
