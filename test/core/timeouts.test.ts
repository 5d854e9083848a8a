import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { stopClock } from 'obverse/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Timer, time } from '../../src/base/time.js';
import {
  Code,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type RpcError,
  TimeoutError,
  UsageError,
} from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { failure, Log, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: { n?: number }): Reply<unknown> {}
  @outgoing({ hasReply: true, timeout: 40 }) hasty(_to: Receivers): Reply<unknown> {}
  @outgoing({ hasReply: true, timeout: Number.POSITIVE_INFINITY }) patient(_to: Receivers): Reply<unknown> {}
  @outgoing news(_to: Receivers, _args: object): void {}
}

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each[Symbol.asyncDispose]();
});
async function side(options: object = {}) {
  const played = new Played();
  const far = played.visit();
  const log = new Log();
  const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: log, ...options });
  open.push(api);
  return { api, played, far, log };
}
/** After how many milliseconds a call times out, by the clock of the library. */
async function timeOf(call: () => Promise<unknown>): Promise<number> {
  const start = time();
  expect(await failure(call())).toBeInstanceOf(TimeoutError);
  return time() - start;
}

it('a call that is not answered in time fails, and the error names it', async () => {
  const { api } = await side({ timeout: 10 });
  const error = await failure<RpcError>(api.question(null, {}));
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error.code).toBe(Code.Timeout);
  expect(error.message).toBe('question was not answered in time: nothing came from far within 10 ms');
});

it('the timeout comes from the call, else from the decorator, else from the option', async () => {
  const { api } = await side({ timeout: 400 });
  using clock = stopClock();
  const times = Promise.all([
    timeOf(() => api.to(null, { timeout: 10 }).hasty()),
    timeOf(() => api.hasty(null)),
    timeOf(() => api.to(null, { timeout: 80 }).hasty()),
    timeOf(() => api.question(null, {})),
    timeOf(() => api.to(null, { timeout: 10 }).patient()),
  ]);
  await clock.turn(400);
  expect(await times).toEqual([10, 40, 80, 400, 10]);
});

it('timeouts are accurate among many, and never early', async () => {
  const { api } = await side();
  const asked = Array.from({ length: 40 }, (_, n) => 10 + ((n * 37) % 400));
  using clock = stopClock();
  const times = Promise.all(asked.map((timeout) => timeOf(() => api.to(null, { timeout }).question({}))));
  await clock.turn(410);
  expect(await times).toEqual(asked);
});

it('a timeout is never early by the clock of the runtime', async () => {
  const { api } = await side();
  expect(await timeOf(() => api.to(null, { timeout: 20 }).question({}))).toBeGreaterThanOrEqual(19);
});

it('a shorter timeout is noticed while the timer waits for a longer one', async () => {
  const { api } = await side();
  // By the clock of the runtime, which has to be set again for the shorter one: the test ends before the longer one is due.
  void failure(api.to(null, { timeout: 600_000 }).question({}));
  await turn();
  expect(await failure(api.to(null, { timeout: 20 }).question({}))).toBeInstanceOf(TimeoutError);
});

it('a call without a timeout (Infinity) waits, and still fails when the link ends', async () => {
  const { api, far } = await side({ timeout: 5 });
  using clock = stopClock();
  const asked = failure<RpcError>(api.patient(null));
  const timed = timeOf(() => api.question(null, {}));
  await clock.turn(10 * 24 * 3_600_000);
  expect(await timed).toBe(5);
  const late = api.to(null, { timeout: Number.POSITIVE_INFINITY }).question({});
  await turn();
  far.say({ jsonrpc: '2.0', id: far.heard.at(-1).id, result: 'at last' });
  expect(await late).toBe('at last');
  far.receiver.closed();
  expect((await asked).code).toBe(Code.ConnectionLost);
});

it.each([0, -1, Number.NaN, '5', null])('a timeout of %j is refused', (timeout) => {
  const create = (options: object) => () => Spec.create(options);
  expect(create({ timeout })).toThrow('the option "timeout" must be a positive number of milliseconds, or Infinity');
  const api = Spec.create();
  expect(() => api.to(null, { timeout: timeout as number })).toThrow(UsageError);
  expect(() => api.gather(null, { timeout: timeout as number })).toThrow(UsageError);
  expect(() => api.to(null, { tiemout: 5 } as object)).toThrow(
    'unknown option "tiemout" of a call; did you mean timeout? There are ',
  );
});

it('the object that to() returns keeps its receivers and its timeout', async () => {
  const { api, played, far } = await side();
  const other = played.visit('other');
  const there = api.to('other');
  there.news({ n: 1 });
  const asked = there.question({ n: 2 });
  await turn();
  expect(far.sends).toEqual([]);
  other.say({ jsonrpc: '2.0', id: other.heard[1].id, result: 'yes' });
  expect(await asked).toBe('yes');
  expect(await failure(api.to('nobody').question({}))).toMatchObject({ code: Code.ConnectionLost });
});

it('remote calls every peer that is connected at the time of the call', async () => {
  const { api, played, far } = await side();
  const { remote } = api;
  const other = played.visit('other');
  remote.news({});
  await turn();
  expect([far.heard.length, other.heard.length]).toEqual([1, 1]);
  expect(api.remote).toBe(remote);
});

it('calls beyond pendingCalls are refused', async () => {
  const { api, far } = await side({ limits: { pendingCalls: 3 } });
  const open = [1, 2, 3].map((n) => api.question(null, { n }));
  const error = await failure<RpcError>(api.question(null, {}));
  expect(error).toMatchObject({ code: Code.Busy, message: 'busy: 3 calls to far are open already' });
  api.news(null, {});
  await turn();
  expect(far.heard.length).toBe(4);
  far.say({ jsonrpc: '2.0', id: 1, result: 'one' });
  expect(await open[0]).toBe('one');
  const next = api.question(null, {});
  await turn();
  for (const { id } of far.heard.slice(1)) if (id !== undefined) far.say({ jsonrpc: '2.0', id, result: id });
  expect(await Promise.all([open[1], open[2], next])).toEqual([2, 3, 1]);
});

it('as many calls can be pending as there are ids, and no more', async () => {
  const { api, far } = await side();
  let refused = 0;
  const all = Array.from({ length: 65_535 }, () => failure(api.question(null, {})));
  await failure(api.question(null, {})).then(() => refused++);
  expect(refused).toBe(1);
  await turn();
  expect(new Set(far.heard.map(({ id }) => id)).size).toBe(65_535);
  await api.close();
  expect((await Promise.all(all)).every((error) => (error as RpcError).code === Code.ConnectionLost)).toBe(true);
});

it('a timeout starts at the call, also in a turn that takes long', async () => {
  const { api } = await side();
  void failure(api.to(null, { timeout: 5_000 }).question({}));
  const before = performance.now();
  while (performance.now() - before < 60);
  expect(await timeOf(() => api.to(null, { timeout: 50 }).question({}))).toBeGreaterThanOrEqual(49);
});

// Again if the machine has not sent the call to the server before it was due.
it('data that arrived while the process was busy are read before an answer counts as late', { retry: 5 }, async () => {
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write('{"jsonrpc":"2.0","id":1,"result":"in time"}\n');
      // The answer is in the buffer of the system, and the process is busy until long after the call was due.
      const before = performance.now();
      while (performance.now() - before < 1_000);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await using api = await Spec.connect(`tcp://127.0.0.1:${port}`, { codec: 'jrpc?hello=off', timeout: 700 });
  const asked = api.question(null, {});
  expect(await asked).toBe('in time');
  server.close();
});

describe('the timer of all timeouts', () => {
  const running = new Set<unknown>();
  beforeEach(() => {
    const { start, stop, fire } = Timer.prototype;
    vi.spyOn(Timer.prototype, 'start').mockImplementation(function (this: Timer, ms) {
      running.add(this);
      start.call(this, ms);
    });
    vi.spyOn(Timer.prototype, 'stop').mockImplementation(function (this: Timer) {
      running.delete(this);
      stop.call(this);
    });
    vi.spyOn(Timer.prototype, 'fire').mockImplementation(function (this: Timer) {
      running.delete(this);
      fire.call(this);
    });
    return () => vi.restoreAllMocks();
  });

  it('stops when nothing is pending', async () => {
    const { api, far } = await side();
    expect(running.size).toBe(0);
    const asked = [api.question(null, {}), api.question(null, {})];
    await turn();
    expect(running.size).toBe(1);
    for (const { id } of far.heard) far.say({ jsonrpc: '2.0', id, result: 1 });
    await Promise.all(asked);
    await until(() => running.size === 0);
    const closing = failure(api.question(null, {}));
    await turn();
    expect(running.size).toBe(1);
    await api.close();
    await closing;
    expect(running.size).toBe(0);
  });

  it('is shared by all sides', async () => {
    const sides = await Promise.all(Array.from({ length: 5 }, () => side()));
    for (const { api } of sides) void failure(api.question(null, {}));
    await turn();
    expect(running.size).toBe(1);
    for (const { api } of sides.slice(1)) await api.close();
    expect(running.size).toBe(1);
    await sides[0]?.api.close();
    expect(running.size).toBe(0);
  });
});

describe('a process', () => {
  const program = fileURLToPath(new URL('../support/core-child.ts', import.meta.url));
  const run = (...args: string[]) =>
    new Promise<{ out: string; code: unknown }>((resolve) => {
      execFile(process.execPath, ['--import', 'tsx', program, ...args], { timeout: 15_000 }, (error, out) =>
        resolve({ out, code: error === null ? 0 : error.code }),
      );
    });

  it('stays alive as long as a call is pending, on a transport that does not keep it alive', async () => {
    expect(await run('wait')).toEqual({ out: 'at the end of the program\nfailed: -32011\n', code: 0 });
  });

  it('ends after close, and when nothing is pending', async () => {
    expect(await run('close')).toEqual({ out: 'failed: -32010\nat the end of the program\n', code: 0 });
    expect(await run('idle')).toEqual({ out: 'at the end of the program\n', code: 0 });
  });

  it('ends after close also with a socket', async () => {
    const server = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    try {
      expect(await run('close', `tcp://127.0.0.1:${port}`)).toEqual({
        out: 'failed: -32010\nat the end of the program\n',
        code: 0,
      });
    } finally {
      server.close();
    }
  });
});
