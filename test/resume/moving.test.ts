import { afterEach, describe, expect, it } from 'vitest';
import type { ConnectionLost } from '../../src/index.js';
import { turn } from '../support/core-played.js';
import { failure } from '../support/core-waiting.js';
import { BYTES, dialing } from './played-servers.js';
import { ack, cut, hello } from './played-visitors.js';
import { clear } from './resuming.js';

afterEach(clear);

type Dialing = Awaited<ReturnType<typeof dialing>>;

/** The link ends, and the other side begins another session over the next one. Returns that, and what it hears besides hello. */
async function replaced({ first, dial }: Dialing, fresh: string, got?: number) {
  await cut(first);
  const link = dial();
  await turn();
  link.say(hello({ dial: 2, token: 'two', ms: 5_000, bytes: BYTES, fresh, ...(got !== undefined && { got }) }));
  await turn();
  const heard = () => link.heard.filter(({ method }) => method !== 'rpc.hello');
  return { link, heard };
}

const lost = (maybeExecuted: boolean) => ({ name: 'ConnectionLost', maybeExecuted });
const asked = (id: number, n = id) => ({ jsonrpc: '2.0', id, method: 'ask', params: { n } });

describe('a session that the other side has ended', () => {
  it.each(['expired', 'evicted', 'overrun', 'unconfirmed'])(
    '(%s): what it has certainly not got goes to the next session, in order and with the ids that it had',
    async (fresh) => {
      const far = await dialing();
      const client = await far.begun();
      const came = failure<ConnectionLost>(client.remote.ask({ n: 1 }));
      const second = client.remote.ask({ n: 2 });
      client.remote.note({ n: 3 });
      const third = client.to(null, { metadata: { page: 4 } }).ask({ n: 3 });
      await turn();
      const { link, heard } = await replaced(far, fresh, 1);
      expect(await came).toMatchObject(lost(true));
      expect(heard()).toEqual([
        ack(0, 0),
        asked(2),
        { jsonrpc: '2.0', method: 'note', params: { n: 3 } },
        expect.objectContaining({ method: 'rpc.about', params: expect.objectContaining({ call: 3 }) }),
        asked(3),
      ]);
      link.say({ jsonrpc: '2.0', id: 2, result: 4 }, { jsonrpc: '2.0', id: 3, result: 6 });
      expect(await Promise.all([second, third])).toEqual([4, 6]);
    },
  );

  it('without what was cancelled meanwhile, and with everything else', async () => {
    const far = await dialing();
    const client = await far.begun();
    const open = [client.remote.ask({ n: 1 })];
    await turn();
    await cut(far.first);
    const stop = new AbortController();
    const cancelled = failure(client.to(null, { signal: stop.signal }).ask({ n: 2 }));
    open.push(client.remote.ask({ n: 3 }));
    await turn();
    stop.abort();
    await cancelled;
    const { link, heard } = await replaced(far, 'expired', 0);
    expect(heard()).toEqual([ack(0, 0), asked(1), asked(3)]);
    link.say({ jsonrpc: '2.0', id: 1, result: 2 }, { jsonrpc: '2.0', id: 3, result: 6 });
    expect(await Promise.all(open)).toEqual([2, 6]);
  });

  it('on purpose (closed): what was sent may be why, and is not tried again; what it has not got was not carried out', async () => {
    const far = await dialing();
    const client = await far.begun();
    const sent = [1, 2].map((n) => failure<ConnectionLost>(client.remote.ask({ n })));
    client.remote.note({ n: 3 });
    await turn();
    await cut(far.first);
    const waiting = client.remote.ask({ n: 3 });
    const { link, heard } = await replaced(far, 'closed', 1);
    expect(await Promise.all(sent)).toMatchObject([lost(true), lost(false)]);
    expect(heard()).toEqual([ack(0, 0), asked(3)]);
    link.say({ jsonrpc: '2.0', id: 3, result: 6 });
    expect(await waiting).toBe(6);
  });

  it('and does not know any more (unknown): everything that was sent may have been carried out', async () => {
    const far = await dialing();
    const client = await far.begun();
    const sent = [1, 2].map((n) => failure<ConnectionLost>(client.remote.ask({ n })));
    await turn();
    const { heard } = await replaced(far, 'unknown');
    expect(await Promise.all(sent)).toMatchObject([lost(true), lost(true)]);
    expect(heard()).toEqual([ack(0, 0)]);
  });

  it('takes with it what belongs to it: calls that pass functions or yield streams, answers, cancellations', async () => {
    const far = await dialing();
    const client = await far.begun();
    far.first.say({ jsonrpc: '2.0', id: 77, method: 'confirm', params: { n: 1 } });
    const each = failure<ConnectionLost>(client.remote.each({ to: 1, say: async (n) => n }));
    const stream = failure<ConnectionLost>(client.remote.count({ to: 3 }).next());
    const stop = new AbortController();
    const cancelled = failure(client.to(null, { signal: stop.signal }).ask({ n: 1 }));
    await turn();
    stop.abort();
    await cancelled;
    await turn();
    expect(far.first.heard.length).toBeGreaterThan(6);
    const { heard } = await replaced(far, 'expired', 0);
    expect(await Promise.all([each, stream])).toMatchObject([lost(false), lost(false)]);
    expect(heard()).toEqual([ack(0, 0)]);
  });

  it('took with it the headers of a call: without them the call is not sent, and was not carried out', async () => {
    const far = await dialing();
    const client = await far.begun();
    const headless = failure<ConnectionLost>(client.to(null, { metadata: { page: 1 } }).ask({ n: 1 }));
    const next = client.to(null, { metadata: { page: 2 } }).ask({ n: 2 });
    await turn();
    const { link, heard } = await replaced(far, 'expired', 1);
    expect(await headless).toMatchObject(lost(false));
    expect(heard().map(({ method, params }) => [method, params.call ?? params.n ?? 0])).toEqual([
      ['rpc.ack', 0],
      ['rpc.about', 2],
      ['ask', 2],
    ]);
    link.say({ jsonrpc: '2.0', id: 2, result: 4 });
    expect(await next).toBe(4);
  });

  it('takes with it the calls of functions that the peer had passed: in the next session, they would be others', async () => {
    const far = await dialing();
    const client = await far.begun();
    const passed: ((n: number) => Promise<number>)[] = [];
    client.setHandler(
      'confirm' as never,
      (async (_sender: unknown, { say }: { say: (n: number) => Promise<number> }) => {
        passed.push(say);
        return new Promise(() => {});
      }) as never,
    );
    far.first.say(
      { jsonrpc: '2.0', method: 'rpc.about', params: { call: 7, tagged: true } },
      { jsonrpc: '2.0', id: 7, method: 'confirm', params: { say: { $rpc: ['fn', 1] } } },
    );
    await turn();
    expect(passed.length).toBe(1);
    const called = failure<ConnectionLost>(passed[0]!(1));
    await turn();
    const { heard } = await replaced(far, 'expired', 0);
    expect(await called).toMatchObject({ name: 'ConnectionLost' });
    expect(heard()).toEqual([ack(0, 0)]);
  });

  it('sends idempotent calls that have come again, before those that have not', async () => {
    const far = await dialing();
    const client = await far.begun();
    const late = client.remote.ask({ n: 1 });
    await turn();
    const first = client.to(null, { idempotent: true }).ask({ n: 2 });
    await turn();
    const lateAgain = client.remote.ask({ n: 3 });
    await turn();
    const gone = failure<ConnectionLost>(late);
    const { link, heard } = await replaced(far, 'expired', 2);
    expect(await gone).toMatchObject(lost(true));
    expect(heard()).toEqual([ack(0, 0), asked(2), asked(3)]);
    link.say({ jsonrpc: '2.0', id: 2, result: 4 }, { jsonrpc: '2.0', id: 3, result: 6 });
    expect(await Promise.all([first, lateAgain])).toEqual([4, 6]);
  });

  it('that is busy when an idempotent call comes again does not say that it was not carried out before', async () => {
    const far = await dialing();
    const client = await far.begun();
    const again = failure<ConnectionLost>(client.to(null, { idempotent: true }).ask({ n: 1 }));
    await turn();
    const { link } = await replaced(far, 'expired', 1);
    link.say({ jsonrpc: '2.0', id: 1, error: { code: -32014, message: 'busy' } });
    expect(await again).toMatchObject({ ...lost(true), cause: { code: -32014 } });
    const first = failure<ConnectionLost>(client.to(null, { idempotent: true }).ask({ n: 2 }));
    await turn();
    const { id } = link.heard.at(-1);
    link.say({ jsonrpc: '2.0', id, error: { code: -32014, message: 'busy' } });
    expect(await first).toMatchObject({ code: -32014 });
  });
});
