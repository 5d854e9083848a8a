import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ConnectionLost } from '../../src/index.js';
import type { Options } from '../../src/types/options.js';
import { failure, until } from '../support/core-waiting.js';
import type { Engine } from '../support/engines.js';
import { nats, startNats } from '../support/nats-server.js';
import { closeEnds, NatsEnd } from './ends.js';
import { Work } from './nats-spec.js';

const BEAT = 50;

describe.skipIf(nats.absent)(`reports of calls over NATS${nats.why}`, () => {
  let engine: Engine;
  let bare: NatsConnection;
  const open: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    engine = await startNats();
    bare = await connect({ servers: `127.0.0.1:${engine.port}` });
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((side) => side.close()));
    await closeEnds();
  });
  afterAll(async () => {
    await bare.close();
    await engine.end();
  });

  let used = 0;
  const subject = (): string => `reports.${used}`;
  const url = (query = ''): string => `nats://127.0.0.1:${engine.port}/${subject()}${query}`;
  const fresh = (query = ''): string => {
    used++;
    return url(query);
  };
  /** A worker whose calls end when the test says so. */
  async function worker(address: string) {
    const side = await Work.serve(address, { logger: null });
    open.push(side);
    const release: (() => void)[] = [];
    side.slow.connect((_sender, { n }) => new Promise((resolve) => release.push(() => resolve(`slow ${n}`))));
    return release;
  }
  async function caller(address: string, options: Options = {}) {
    const side = await Work.invert().connect(address, { logger: null, ...options });
    open.unshift(side);
    return side;
  }
  /** The same, without Obverse: it answers after so many ms. */
  function plain(ms: number): { end(): void } {
    const subscription = bare.subscribe(subject(), {
      callback: (_error, message) => {
        const { id } = message.json<{ id: number }>();
        setTimeout(() => message.respond(JSON.stringify({ jsonrpc: '2.0', id, result: 'plain' })), ms);
      },
    });
    return { end: () => subscription.unsubscribe() };
  }

  it('keeps a call of a server that is not Obverse and takes longer than three beats', async () => {
    const address = fresh(`?beat=${BEAT}`);
    const { end } = plain(6 * BEAT);
    await bare.flush();
    const jobs = await caller(address);
    expect(await jobs.slow(null, { n: 1 })).toBe('plain');
    end();
  });

  /** Obverse has this reply; nobody is behind it. */
  const SAYS = `_INBOX.o-0123456789abcdefghijkl.0.b${BEAT}`;
  /** Says that somebody serves who never reports, as a worker that is killed before its first report. */
  const says = (to: string): void => bare.publish(to, '', { reply: SAYS });

  it.each(['before connect', 'after connect'])(
    'loses a call that nobody reports, if somebody has said %s that it serves',
    async (when) => {
      const address = fresh();
      const silent = [bare.subscribe(subject())];
      if (when === 'before connect')
        silent.push(
          bare.subscribe(`${subject()}._spread`, {
            callback: (_error, { reply = '' }) => {
              if (reply.endsWith('.who')) says(reply.replace(/who$/, '0'));
            },
          }),
        );
      await bare.flush();
      const jobs = await caller(address);
      if (when === 'after connect') {
        says(`${subject()}._everyone`);
        await bare.flush();
        await jobs.flush();
      }
      const error = await failure(jobs.slow(null, { n: 1 }));
      expect(error).toBeInstanceOf(ConnectionLost);
      expect(error).toMatchObject({ maybeExecuted: true, message: expect.stringContaining(`for ${3 * BEAT} ms`) });
      for (const each of silent) each.unsubscribe();
    },
  );

  it.each(['', `?beat=${BEAT}`])(
    'keeps a call of a worker whose beat is longer than that of its caller: %s',
    async (beat) => {
      const release = await worker(fresh('?beat=600'));
      const jobs = await caller(url(beat));
      const call = jobs.slow(null, { n: 1 });
      // The first report comes after one beat to two: later than three of the caller.
      setTimeout(() => release[0]?.(), 7 * BEAT);
      expect(await call).toBe('slow 1');
    },
  );

  it('takes the longest beat of those who serve, and forgets those who are gone', async () => {
    const short = await NatsEnd.open(fresh('?beat=100'), { listen: true });
    const long = await NatsEnd.open(url('?beat=400'), { listen: true });
    const { link } = await (await NatsEnd.open(url('?forget=0.05'))).link(0);
    await until(() => link.callBeat === 400);
    expect(link.reports).toBe(true);
    await long.transport.close();
    await until(() => link.callBeat === 100);
    await short.transport.close();
    await until(() => link.reports === false);
    await NatsEnd.open(url('?beat=200'), { listen: true });
    await until(() => link.reports === true && link.callBeat === 200);
  });

  it('is not asked for longer than a minute: a forged beat changes nothing', async () => {
    const { link } = await (await NatsEnd.open(fresh())).link(0);
    for (const word of ['b60001', 'b999999999', 'b0', 'b-1', 'bNaN', 'b1e3'])
      bare.publish(`${subject()}._everyone`, '', { reply: `_INBOX.o-0123456789abcdefghijkl.0.${word}` });
    bare.publish(`${subject()}._everyone`, '', { reply: SAYS });
    await until(() => link.reports === true);
    expect(link.callBeat).toBe(BEAT);
  });

  it('says nothing to whom is not Obverse, and nothing more once it is retired', async () => {
    const { transport } = await NatsEnd.open(fresh(), { listen: true });
    const heard: string[] = [];
    bare.subscribe(`answers.${used}.>`, { callback: (_error, message) => void heard.push(message.subject) });
    const ask = (inbox: string): void =>
      bare.publish(`${subject()}._spread`, '', { reply: `answers.${used}.${inbox}` });
    ask('o-0123456789abcdefghijkl.0.what');
    ask('x-0123456789abcdefghijkl.0.who');
    ask('o-0123456789abcdefghijkl.who');
    ask('o-0123456789abcdefghijkl.7.who');
    await until(() => heard.length === 1);
    await transport.retire?.();
    ask('o-0123456789abcdefghijkl.8.who');
    await bare.flush();
    await transport.flush?.();
    await bare.flush();
    expect(heard).toEqual([`answers.${used}.o-0123456789abcdefghijkl.7.0`]);
  });
});
