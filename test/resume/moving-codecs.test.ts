import { afterEach, describe, expect, it } from 'vitest';
import type { ConnectionLost, Options, SecurityInfo } from '../../src/index.js';
import { chaosProxy } from '../../src/testing/chaos-proxy.js';
import { failure, until } from '../support/core-waiting.js';
import { atEnd, clear, Desk, dialed, serve } from './resuming.js';

afterEach(clear);

const later = async <T>(value: T): Promise<T> => {
  await new Promise((resolve) => setImmediate(resolve));
  return value;
};
const slow = {
  seal: (payload: never) => later({ info: { n: 1 }, payload }),
  open: (payload: never, _info: SecurityInfo) => later(payload),
};
/** Turns each frame around: it cannot be read without the stage of the other direction. */
const turned = (frame: unknown): string => [...(frame as string)].reverse().join('');
const stages = { form: 'text', outgoing: turned, incoming: turned } as Options['stages'];

type Both = readonly [server: Options, client: Options];
const settings: Record<string, () => Promise<Both> | Both> = {
  jrpc: () => [{}, {}],
  msgpack: () => [{ codec: 'msgpack' }, { codec: 'msgpack' }],
  'a codec for each direction': () => [
    { codec: { in: 'jrpc', out: 'msgpack' } },
    { codec: { in: 'msgpack', out: 'jrpc' } },
  ],
  'stages that only one direction can undo': () => [{ stages }, { stages }],
  'a security that takes its time': () => [{ security: slow }, { security: slow }],
};

describe.each(['tcp://127.0.0.1:0', 'ws://127.0.0.1:0'])('over %s, with', (address) => {
  it.each(Object.entries(settings))(
    '%s: what has not arrived of a session that is evicted goes to the next one, and each call runs once',
    async (_name, options) => {
      const [serving, dialing] = await options();
      const { server, seen } = await serve(address, { ...serving, resume: { sessions: 0 } });
      const proxy = await chaosProxy({ to: server.address });
      atEnd(() => proxy.close());
      const client = await Desk.invert().connect(dialed(proxy.url), { logger: null, ...dialing });
      atEnd(() => client.close());
      expect(await client.remote.ask({ n: 1 })).toBe(2);
      const arrived = failure<ConnectionLost>(client.remote.ask({ n: 1_001 }));
      await until(() => seen.ran.has(1_001));
      proxy.silence();
      const calls = [2, 3, 4].map((n) => client.to(null, { metadata: { n } }).ask({ n }));
      client.remote.note({ n: 5 });
      await later(undefined);
      await later(undefined);
      calls.push(client.remote.ask({ n: 6 }));
      proxy.cut('rst');
      proxy.resume();
      expect(await arrived).toMatchObject({ name: 'ConnectionLost', maybeExecuted: true });
      expect(await Promise.all(calls)).toEqual([4, 6, 8, 12]);
      await until(() => seen.notes.length > 0);
      expect(seen.notes).toEqual([5]);
      expect([...seen.ran.values()].every((times) => times === 1)).toBe(true);
    },
  );
});
