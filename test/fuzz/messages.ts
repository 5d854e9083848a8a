import type { Id, Outbound } from '../../src/contract/contract.js';
import type { Random } from '../../src/testing/random.js';
import { hostileValue } from './hostile-values.js';

/** The methods of the side under test. */
export const METHODS = ['add', 'echo', 'tell', 'count', 'visit', 'sum', 'climb', 'wait', 'nobody', 'toString'] as const;

/** Ids that are likely to be in use. */
const idOf = (random: Random): Id => random.of<Id>([1, 1, 2, 2, 3, 4, 7, 0, -1, 2 ** 31, 'a', '1', null, 1.5]);
const small = (random: Random): number => random.int(-1, 6);
const callOf = (id: Id | undefined, method: string, args: readonly unknown[], named = false): Outbound => ({
  kind: 'call',
  id,
  method,
  args,
  named,
  batch: undefined,
});
const notified = (method: string, ...args: readonly unknown[]): Outbound => callOf(undefined, method, args);

/** What stands for a function, an object or a stream. */
const passed = (random: Random): unknown => {
  const n = small(random);
  return random.of([
    { $rpc: ['fn', n] },
    { $rpc: ['ref', n, ['add', 'a.b'], ['count']] },
    { $rpc: ['own', n] },
    { $rpc: ['stream', n] },
  ]);
};

/** The messages of the library itself, with plausible contents. */
const system: readonly ((random: Random) => Outbound)[] = [
  (random) => callOf(undefined, 'rpc.hello', [helloOf(random)], true),
  (random) => callOf(undefined, 'rpc.about', [aboutOf(random)], true),
  (random) => callOf(undefined, 'rpc.about', [aboutOf(random)], true),
  (random) => notified('rpc.cancel', idOf(random), random.text(5)),
  (random) => notified('rpc.progress', idOf(random), random.value(1), random.next() < 0.3),
  (random) => notified('rpc.next', idOf(random), [passed(random), random.value(1)], random.next() < 0.3),
  (random) => notified('rpc.pull', random.next() < 0.3 ? null : idOf(random), small(random)),
  (random) => callOf(idOf(random), 'rpc.stream', [small(random)]),
  (random) => callOf(idOf(random), 'rpc.call', [small(random), random.of(['', 'add', null]), [passed(random)]]),
  (random) => notified('rpc.keep', small(random), small(random)),
  (random) => notified('rpc.release', small(random), small(random)),
  (random) => notified('rpc.prove', random.text(5)),
  (random) => notified('rpc.proved', random.text(5)),
  (random) => notified('rpc.secinfo', { user: random.text(5), sig: random.text(5) }),
  (random) => notified('rpc.ack', small(random), small(random)),
  (random) => notified('rpc.beat', random.next() < 0.5),
  (random) => notified('rpc.bye', random.next() < 0.5),
  (random) => notified('rpc.leaving', random.int(0, 10_000)),
  (random) => notified('rpc.skip'),
  (random) => callOf(idOf(random), 'rpc.auth', [random.text(5)]),
  (random) => callOf(idOf(random), `rpc.${random.text(5)}`, [random.value(1)]),
];

function helloOf(random: Random): object {
  const resume = random.of<unknown>([
    { v: 1, dial: small(random), bytes: 2 ** random.int(0, 33) },
    { v: 1, dial: small(random), token: 'q3Jz8hWm0Xk5TnY2vB7uLA', got: small(random), sent: small(random) },
    { v: 1, dial: small(random), token: random.text(20), over: true, bytes: 65_536 },
    { v: random.int(0, 3), dial: small(random), fresh: 'unknown', got: small(random) },
    { v: 1, dial: small(random), refused: random.of(['stale', 'another']) },
    undefined,
  ]);
  const next = random.next();
  return {
    obverse: random.of([1, 1, 2, 0]),
    codec: random.of(['jrpc', 'msgpack', 'clone', 'terse', '']),
    ...(next < 0.5 && { beat: random.of([15_000, 1_000, 0, -1, 1e300]) }),
    ...(resume !== undefined && { resume }),
    ...(next < 0.2 && { auth: random.value(1), frameBytes: random.int(0, 1e9) }),
  };
}

function aboutOf(random: Random): object {
  return {
    [random.of(['call', 'call', 'answer', 'x'])]: idOf(random),
    ...(random.next() < 0.5 && { timeout: random.of([1, 50, 1e9, -1, 0]) }),
    ...(random.next() < 0.5 && { metadata: { a: random.value(1) } }),
    ...(random.next() < 0.5 && { progress: random.next() < 0.5 }),
    ...(random.next() < 0.5 && { window: [small(random), random.int(0, 1e6)] }),
    ...(random.next() < 0.5 && { tagged: random.next() < 0.7 }),
  };
}

/** A message of any kind, right or nearly right. */
export function anyMessage(random: Random): Outbound {
  const id = idOf(random);
  const kind = random.int(0, 9);
  if (kind < 4) return (system[random.int(0, system.length - 1)] as (random: Random) => Outbound)(random);
  if (kind < 7) {
    const isNamed = random.next() < 0.5;
    const args = isNamed
      ? [{ a: small(random), b: small(random), to: small(random), numbers: passed(random), each: passed(random) }]
      : [random.value(2), small(random)];
    return callOf(random.next() < 0.7 ? id : undefined, random.of(METHODS), args, isNamed);
  }
  if (kind === 7) return { kind: 'reply', id, value: random.next() < 0.5 ? passed(random) : random.value(2) };
  if (kind === 8) {
    const data = random.next() < 0.5 ? random.value(2) : hostileValue(random);
    return { kind: 'fault', id, error: { code: random.int(-32_700, 100), message: random.text(9), data } };
  }
  return callOf(random.next() < 0.5 ? id : undefined, random.text(12), [hostileValue(random)]);
}
