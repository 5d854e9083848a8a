import { afterEach, expect, it } from 'vitest';
import { endpointOf } from '../../src/api/side-class.js';
import type { Frame, Security } from '../../src/index.js';
import { dialing } from '../resume/played-servers.js';
import { clear } from '../resume/resuming.js';
import { turn } from '../support/core-played.js';
import { failure } from '../support/core-waiting.js';

afterEach(clear);

/** Opens what it is told to. */
class Slow implements Security {
  readonly waiting: (() => void)[] = [];
  seal() {
    return { info: { by: 'slow' } };
  }
  open(payload: Frame): Promise<Frame> {
    return new Promise((resolve) => void this.waiting.push(() => resolve(payload)));
  }
}

const notification = (method: string, params: object) => ({ jsonrpc: '2.0', method, params });
const hello = notification('rpc.hello', { obverse: 1, codec: 'jrpc' });

/** The link has ended, what it has brought last is still being read, and the next link waits for that. */
async function betweenTwoLinks() {
  const security = new Slow();
  const { first, dial, opened } = await dialing({ security });
  first.say(hello);
  const client = await opened();
  const call = failure(client.remote.ask({ n: 1 }));
  await turn();
  first.say(notification('rpc.secinfo', { by: 'far' }), notification('told', { n: 1 }));
  first.receiver.closed();
  const next = dial();
  next.say(hello);
  await turn();
  expect([security.waiting.length, client.peers.size]).toEqual([1, 1]);
  return { security, client, call, next };
}

it.each(['the side', 'the peer'])(
  '%s is closed while the next link waits for the last one: open calls reject, and nothing is left',
  async (what) => {
    const { client, call, next } = await betweenTwoLinks();
    const [peer] = client.peers.values();
    await (what === 'the side' ? client.close() : peer?.close());
    expect(await call).toMatchObject({ name: 'ConnectionLost', maybeExecuted: true });
    await turn();
    expect(next.closes.length).toBe(1);
    const { peers, pendingCalls, bufferedBytes } = client.stats();
    expect([peers, pendingCalls, bufferedBytes]).toEqual([0, 0, 0]);
    expect([...endpointOf(client).connections()]).toEqual([]);
  },
);

it('the next link goes on once the last one was read', async () => {
  const { security, client, call, next } = await betweenTwoLinks();
  for (const open of security.waiting) open();
  expect(await call).toMatchObject({ name: 'ConnectionLost', maybeExecuted: true });
  const again = client.remote.ask({ n: 2 });
  await turn();
  const asked = next.heard.find(({ method }) => method === 'ask');
  expect(asked).toMatchObject({ params: { n: 2 } });
  next.say({ jsonrpc: '2.0', id: asked.id, result: 4 });
  expect(await again).toBe(4);
});
