import fc from 'fast-check';
import { expect, it } from 'vitest';
import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, RpcError, type Sender } from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { how?: unknown }): Reply<unknown> {}
  @incoming({ hasReply: true, params: ['a', 'b'], allowPositionalArgs: true })
  both(_sender: Sender, _a: unknown, _b?: unknown): Reply<unknown> {}
  @incoming tell(_sender: Sender, _args: { how?: unknown }): void {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
}

/** What a handler does, as its caller requests. */
function behave(how: unknown): unknown {
  switch (how) {
    case 'throw':
      throw new Error('thrown');
    case 'reject':
      return turn().then(() => Promise.reject(new RpcError('rejected', 5, { a: 1 })));
    case 'later':
      return turn().then(() => 'later');
    case 'unfit':
      return 1n;
    default:
      return how;
  }
}

const id = fc.oneof(fc.integer({ min: -2, max: 5 }), fc.constantFrom(null, 'x', '1', 1.5, 1e300, {}, true));
const params = fc.oneof(
  fc.record({ how: fc.constantFrom('throw', 'reject', 'later', 'unfit', 'now', null) }),
  fc.array(fc.jsonValue(), { maxLength: 3 }),
  fc.jsonValue(),
);
const method = fc.constantFrom(
  'ask',
  'both',
  'tell',
  'question',
  'constructor',
  'rpc.hello',
  'rpc.secinfo',
  'rpc.x',
  '',
  5,
);
const wrong = fc.record(
  { jsonrpc: fc.constantFrom('2.0', '1.0'), id, method, params, result: fc.jsonValue(), error: fc.jsonValue() },
  { requiredKeys: [] },
);
/** A call whose id occurs once: it must be answered once. */
const tracked = fc.record({
  tracked: fc.constant(true),
  method: fc.constantFrom('ask', 'both', 'tell', 'nope'),
  params,
});
const entry = fc.oneof({ weight: 3, arbitrary: tracked }, { weight: 2, arbitrary: wrong }, fc.jsonValue());
const frame = fc.oneof(
  { weight: 4, arbitrary: entry },
  { weight: 2, arbitrary: fc.array(entry, { maxLength: 6 }) },
  fc.string(),
);

it('a side handles whatever a peer sends, and answers each of its calls once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 30 }), fc.constantFrom(1, 3, 256), async (frames, concurrency) => {
      const played = new Played();
      const far = played.visit();
      const limits = { badFrames: 1_000 };
      const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null, concurrency, limits });
      const answer = (_sender: Sender, { how }: { how?: unknown }) => behave(how);
      api.ask.connect(answer);
      api.tell.connect(answer as never);
      api.both.connect((_sender, a) => behave(a));
      const asked = api.question(null, {}).then(
        () => 'answered',
        () => 'answered',
      );
      await turn();

      const ids: string[] = [];
      const give = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map(give);
        if (value === null || typeof value !== 'object' || !('tracked' in value)) return value;
        const { tracked: _, ...call } = value;
        // With invalid params it is not a call.
        if (typeof (call as { params: unknown }).params !== 'object' || (call as { params: unknown }).params === null)
          return { jsonrpc: '2.0', ...call };
        ids.push(`tracked ${ids.length}`);
        return { jsonrpc: '2.0', id: ids.at(-1), ...call };
      };
      for (const one of frames) {
        far.say(typeof one === 'string' ? one : JSON.stringify(give(one)));
      }
      for (let n = 0; n < 250; n++) await turn();
      const answers = far.heard.flat().filter(({ method: called }) => called === undefined);
      for (const one of ids) {
        const given = answers.filter((each) => each.id === one);
        expect(given.length).toBe(1);
        expect('result' in given[0] !== 'error' in given[0]).toBe(true);
      }
      expect(far.closes).toEqual([]);
      // It still works.
      far.say({ jsonrpc: '2.0', id: 'the last', method: 'ask', params: { how: 'now' } });
      await turn();
      expect(far.heard.at(-1)).toEqual({ jsonrpc: '2.0', id: 'the last', result: 'now' });
      await api.close();
      expect(await asked).toBe('answered');
    }),
    { numRuns: 300 },
  );
});
