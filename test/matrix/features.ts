import { deepEqual, equal, fail, ok, rejects } from 'node:assert/strict';
import { Aborted, issuesOf, type RpcError, release, TimeoutError } from 'obverse';
import { type Caller, Overdrawn } from './abilities.js';

/** How two sides are connected. */
export interface Way {
  readonly link: string;
  readonly codec: string;
}

/** A feature of a call, tested on the calling side. It throws what goes wrong. */
export interface Feature {
  /** Why it is not possible on this link; undefined if it is. */
  readonly missing?: (way: Way) => string | undefined;
  run(caller: Caller, way: Way): Promise<void>;
}

let keys = 0;
const newKey = (): string => `key ${keys++} of ${globalThis.process?.pid} ${Math.random()}`;

/** The features, by name. */
export const features: Readonly<Record<string, Feature>> = {
  'an AbortSignal cancels a call on both sides': {
    async run(caller) {
      const key = newKey();
      const controller = new AbortController();
      const call = caller.to(null, { signal: controller.signal }).hang({ key });
      equal(await caller.remote.log({ key }), 'begun');
      controller.abort();
      await rejects(call, Aborted);
      equal(await caller.remote.log({ key, at: 1 }), 'Aborted');
      deepEqual([...caller.pendingCalls()], []);
    },
  },
  'a timeout ends a call on both sides': {
    async run(caller) {
      const key = newKey();
      await rejects(caller.to(null, { timeout: 50 }).hang({ key }), TimeoutError);
      equal(await caller.remote.log({ key }), 'begun');
      ok(['Aborted', 'TimeoutError'].includes((await caller.remote.log({ key, at: 1 })) as string));
    },
  },
  'the remaining time is sent, and inherited': {
    async run(caller) {
      equal(await caller.remote.timeLeft(), -1);
      const left = await caller.to(null, { timeout: 5_000 }).timeLeft();
      ok(left > 3_000 && left <= 5_000, `${left} ms left`);
      const inherited = await caller.to(null, { timeout: 5_000 }).timeLeftBack();
      ok(inherited > 2_000 && inherited <= 5_000, `${inherited} ms inherited`);
    },
  },
  'progress arrives in order and before the result': {
    async run(caller) {
      const told: unknown[] = [];
      const view = caller.to(null, { onProgress: (n: number) => told.push(n) });
      equal(await view.steps({ to: 10 }), 'done');
      deepEqual(told, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    },
  },
  'progress renews the timeout, up to a maximum': {
    async run(caller) {
      equal(await caller.to(null, { timeout: 400, maxTimeout: 5_000 }).steps({ to: 4 }), 'done');
      const key = newKey();
      await rejects(caller.to(null, { timeout: Number.POSITIVE_INFINITY, maxTimeout: 60 }).hang({ key }), TimeoutError);
    },
  },
  'metadata is sent in both directions': {
    async run(caller) {
      const { value, metadata } = await caller.to(null, { metadata: { tag: 'blue' } }).detailed.tags();
      deepEqual(value, { tag: 'blue' });
      deepEqual(metadata, { back: 'blue' });
      deepEqual(await caller.remote.tags(), {});
      deepEqual(
        await caller
          .with({ metadata: { a: 1 } })
          .to(null, { metadata: { b: 2 } })
          .tags(),
        { a: 1, b: 2 },
      );
    },
  },
  'a request without a reply is a notification': {
    async run(caller) {
      const key = newKey();
      equal(await caller.to(null, { noReply: true }).note({ key, value: 5 }), undefined);
      equal(await caller.remote.log({ key }), 5);
    },
  },
  'errors can be ignored': {
    async run(caller) {
      equal(await caller.to(null, { ignoreErrors: true }).fail({ how: 'no' }), undefined);
    },
  },
  'handlers that run after the reply are called': {
    async run(caller) {
      const key = newKey();
      equal(await caller.remote.note({ key, value: 1 }), 'noted');
      equal(await caller.remote.log({ key, at: 1 }), 'after');
    },
  },
  'errors arrive as instances of their classes, with their causes': {
    async run(caller) {
      const error = (await caller.remote.fail({ how: 'registered' }).catch((thrown: unknown) => thrown)) as Overdrawn;
      ok(error instanceof Overdrawn, String(error));
      deepEqual([error.message, error.code], ['by five', 17]);
      equal((error.cause as Error).message, 'too far');
      const several = await caller.remote.fail({ how: 'several' }).catch((thrown: unknown) => thrown);
      ok(several instanceof AggregateError);
      ok(several.errors[0] instanceof Overdrawn);
      equal((several.errors[1] as Error).message, 'two');
    },
  },
  'values keep their types': {
    async run(caller) {
      const value = {
        at: new Date(5),
        many: new Map([['a', new Set([1, 2])]]),
        big: 12345678901234567890n,
        bytes: new Uint8Array([1, 2, 255]),
        url: new URL('https://example.org/a?b'),
      };
      deepEqual(await caller.remote.echo({ value }), value);
      deepEqual(await caller.remote.echo({ value: { $rpc: 'mine', at: new Date(6) } }), {
        $rpc: 'mine',
        at: new Date(6),
      });
    },
  },
  'a function is called by the other side': {
    async run(caller) {
      const seen: number[] = [];
      equal(await caller.remote.each({ to: 4, step: (n) => seen.push(n) && n * 2 }), 20);
      deepEqual(seen, [1, 2, 3, 4]);
      const step = (n: number): number => n;
      equal(await caller.remote.echo({ value: step }), step);
    },
  },
  'a kept function can be called until it is released': {
    async run(caller) {
      await caller.remote.keep({ step: (n) => n + 1 });
      equal(await caller.remote.callKept({ n: 1 }), 2);
    },
  },
  'an object is passed by reference': {
    async run(caller) {
      const basket = await caller.remote.basket();
      equal(await basket.put('apple'), 1);
      equal(await basket.put('pear'), 2);
      deepEqual(await basket.list(), ['apple', 'pear']);
      release(basket);
      await rejects(async () => basket.list(), /was released/);
    },
  },
  'a stream returns its items, and then its error': {
    async run(caller) {
      const got: number[] = [];
      for await (const n of caller.remote.numbers({ to: 1_000 })) got.push(n);
      equal(got.length, 1_000);
      deepEqual(got.slice(0, 3), [1, 2, 3]);
      const before: number[] = [];
      const failing = async (): Promise<void> => {
        for await (const n of caller.remote.numbers({ to: 3, fails: true })) before.push(n);
      };
      await rejects(failing, Overdrawn);
      deepEqual(before, [1, 2, 3]);
    },
  },
  'leaving a stream runs the finally block of its producer': {
    async run(caller) {
      const key = newKey();
      for await (const n of caller.remote.endless({ key })) if (n === 5) break;
      equal(await caller.remote.log({ key }), 'ended');
      const controller = new AbortController();
      const other = newKey();
      const stopped = async (): Promise<void> => {
        for await (const n of caller.to(null, { signal: controller.signal }).endless({ key: other }))
          if (n === 3) controller.abort();
      };
      await rejects(stopped, Aborted);
      equal(await caller.remote.log({ key: other }), 'ended');
    },
  },
  'a stream can be an argument': {
    async run(caller) {
      async function* items(): AsyncGenerator<number> {
        for (let n = 1; n <= 500; n++) yield n;
      }
      equal(await caller.remote.sum({ items: items() }), 125_250);
      const web = new ReadableStream<number>({
        start(controller) {
          for (const n of [1, 2, 3]) controller.enqueue(n);
          controller.close();
        },
      });
      equal(await caller.remote.sum({ items: web as unknown as AsyncIterable<number> }), 6);
    },
  },
  'arguments are validated, and defaults apply': {
    async run(caller) {
      equal(await caller.remote.twice({ n: 4 }), 8);
      equal(await caller.remote.twice({}), 42);
      const error = (await caller.remote.twice({ n: 101 }).catch((thrown: unknown) => thrown)) as RpcError;
      equal(error.code, -32602);
      deepEqual(issuesOf(error)?.[0]?.path, ['n']);
    },
  },
  'a guard decides who may call': {
    async run(caller) {
      const mine = caller.to(null, { metadata: { user: 'ann' } });
      equal(await mine.secret(), 'the cake is a lie');
      const error = (await caller.remote.secret().catch((thrown: unknown) => thrown)) as RpcError;
      equal(error.code, -32015);
    },
  },
  'interceptors run around a call on both sides': {
    async run(caller) {
      equal(await caller.remote.wrapped(), 'outgoing(incoming(core))');
      const seen: string[] = [];
      const leave = caller.use((call, next) => {
        seen.push(`${call.kind} ${call.path}`);
        return next();
      });
      equal(await caller.remote.twice({ n: 1 }), 2);
      leave();
      equal(await caller.remote.twice({ n: 1 }), 2);
      equal(seen.length, 1);
      ok(seen[0]?.endsWith('twice') && seen[0].startsWith('request '), seen[0]);
    },
  },
  'answers of several peers are iterated as they arrive': {
    async run(caller) {
      const [only] = await caller.gather(null).twice({ n: 5 });
      equal(only?.status === 'fulfilled' && only.value, 10);
      equal(await caller.gather(null).twice({ n: 6 }).first(), 12);
      equal((await caller.gather(null).twice({ n: 7 }).quorum(1))[0]?.value, 14);
      const come: unknown[] = [];
      for await (const one of caller.gather(null).twice({ n: 8 })) come.push(one.status);
      deepEqual(come, ['fulfilled']);
    },
  },
  'undeclared methods are handled, mounted, and called by path': {
    async run(caller) {
      const [path, args] = await caller.callPath<[string, unknown]>('extra.anything', { a: 1 });
      ok(path.endsWith('extra.anything'), path);
      deepEqual(args, { a: 1 });
      equal(await caller.callPath('calc.add', { a: 2, b: 3 }), 5);
      await rejects(caller.callPath('calc.constructor', {}));
      await rejects(caller.callPath('unknown', {}), { code: -32601 });
    },
  },
  'a group is called': {
    async run(caller) {
      deepEqual(await caller.remote.ring({ n: 21 }), [42]);
    },
  },
};

/** Tries a feature: returns `done`, or what went wrong. */
export async function perform(name: string, caller: Caller, way: Way): Promise<string> {
  const feature = features[name] ?? fail(`no feature is called ${name}`);
  try {
    await feature.run(caller, way);
    return 'done';
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
