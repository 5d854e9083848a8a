import { createServer, type Socket } from 'node:net';
import {
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  TimeoutError,
  UsageError,
} from 'obverse';
import { faulty, type StoppedClock, stopClock } from 'obverse/testing';
import { describe, expect, it } from 'vitest';
import { deadlineIn } from '../../src/base/clock.js';
import { clearTimer, firstTimer, setTimer, time } from '../../src/base/time.js';
import { closing } from '../support/closing.js';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { text: string }): Reply<string> {}
  @incoming({ hasReply: true, timeout: 60_000 }) never(_sender: Sender): Reply<string> {}
  @incoming hint(_sender: Sender, _args: { n: number }): void {}
  @outgoing said(_receivers: Receivers, _args: { n: number }): void {}
}

const keep = closing();
function stopped(): StoppedClock {
  const clock = stopClock();
  keep(clock);
  return clock;
}
let rooms = 0;
async function desk(url = `memory:clock-${rooms++}`) {
  const server = await Desk.serve(url);
  const client = await Desk.invert().connect(server.address);
  for (const side of [server, client]) keep(side);
  server.never.connect(() => new Promise(() => {}));
  return { server, client };
}
/** The present state of a promise. */
function fate(promise: Promise<unknown>): { now: string } {
  const told = { now: 'pending' };
  promise.then(
    () => (told.now = 'fulfilled'),
    (error: Error) => (told.now = error.name),
  );
  return told;
}

describe.each(['memory', 'tcp://127.0.0.1:0'])('a call over %s, while the clock stands', (url) => {
  it('times out after 60 seconds without any waiting', async () => {
    const { client } = await desk(url === 'memory' ? undefined : url);
    const clock = stopped();
    const asked = client.remote.never();
    const told = fate(asked);
    await clock.turn(59_999);
    expect(told.now).toBe('pending');
    await clock.turn(1);
    expect(told.now).toBe('TimeoutError');
    await expect(asked).rejects.toThrow(TimeoutError);
    expect(clock.turned).toBe(60_000);
  });

  it('is answered before the time passes', async () => {
    const { server, client } = await desk(url === 'memory' ? undefined : url);
    server.ask.connect(async (_sender, { text }) => text.toUpperCase());
    const clock = stopped();
    const asked = client.to(null, { timeout: 5 }).ask({ text: 'in time' });
    await clock.turn(600_000);
    expect(await asked).toBe('IN TIME');
  });
});

describe('a stopped clock', () => {
  it('does not advance by itself', async () => {
    const fired: string[] = [];
    setTimer(5, () => fired.push('set before'));
    const clock = stopped();
    // Whole numbers, so that 60 seconds are exactly 60 seconds.
    expect(Number.isInteger(time())).toBe(true);
    setTimer(5, () => fired.push('timer'));
    const before = [time(), deadlineIn(1_000), deadlineIn(60_000)];
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([time(), deadlineIn(1_000), deadlineIn(60_000)]).toEqual(before);
    expect(fired).toEqual([]);
    await clock.turn(5);
    expect(fired.sort()).toEqual(['set before', 'timer']);
  });

  it('fires timers in the order of their times, each at its time, with turns of the event loop in between', async () => {
    const clock = stopped();
    const start = time();
    const log: string[] = [];
    const note = (what: string): void => void log.push(`${what} ${time() - start}`);
    setTimer(30, () => note('late'));
    setTimer(10, () => {
      note('first');
      setTimer(15, () => note('made by the first'));
      void Promise.resolve()
        .then(() => new Promise((resolve) => setImmediate(resolve)))
        .then(() => note('what came of the first'));
    });
    setTimer(10, () => note('second'));
    const cleared = setTimer(20, () => note('cleared'));
    setTimer(12, () => clearTimer(cleared));
    setTimer(31, () => note('later'));
    await clock.turn(30);
    const first = ['first 10', 'what came of the first 10', 'second 10', 'made by the first 25', 'late 30'];
    expect(log).toEqual(first);
    await clock.turn(0);
    expect(log).toEqual(first);
    await clock.turn(1);
    expect(log.at(-1)).toBe('later 31');
  });

  it('lets messages sent by a timer arrive before the next one', async () => {
    const { server, client } = await desk();
    const clock = stopped();
    const start = time();
    const heard: string[] = [];
    server.hint.connect((_sender, { n }) => void heard.push(`${n} at ${time() - start}`));
    for (const n of [1, 2, 3]) setTimer(n * 100, () => client.remote.hint({ n }));
    await clock.turn(1_000);
    expect(heard).toEqual(['1 at 100', '2 at 200', '3 at 300']);
  });

  it('takes over pending timers, and returns the rest', async () => {
    const { client } = await desk();
    const before = fate(client.to(null, { timeout: 20_000 }).never());
    const fired: string[] = [];
    const own = setTimer(10_000, () => fired.push('own'));
    const clock = stopped();
    const within = fate(client.to(null, { timeout: 20_000 }).never());
    const short = client.to(null, { timeout: 10_100 }).never();
    const shortly = fate(short);
    await clock.turn(10_050);
    expect([before.now, within.now, shortly.now, fired]).toEqual(['pending', 'pending', 'pending', ['own']]);
    clearTimer(own);
    const stood = time();
    const since = performance.now();
    clock.restore();
    const passed = time() - stood;
    expect(passed).toBeGreaterThanOrEqual(0);
    expect(passed).toBeLessThanOrEqual(performance.now() - since + 1);
    // The remaining 50 ms pass by themselves.
    await expect(short).rejects.toThrow(TimeoutError);
    expect([before.now, within.now]).toEqual(['pending', 'pending']);
    const again = stopped();
    await again.turn(10_000);
    expect([before.now, within.now]).toEqual(['TimeoutError', 'TimeoutError']);
  });

  it('never makes the time go back', async () => {
    const seen = [time()];
    for (const turn of [50_000, 0, 1]) {
      const clock = stopClock();
      seen.push(time());
      await clock.turn(turn);
      seen.push(time());
      clock.restore();
      clock.restore();
      seen.push(time());
    }
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('controls the time for connecting', async () => {
    // A worker that never answers: connecting waits for connectMs.
    const clock = stopped();
    const connecting = Desk.connect(`worker:data:text/javascript,setInterval(() => {}, 1000)`, {
      limits: { connectMs: 30_000 },
    });
    const told = fate(connecting);
    // The transport is loaded first, which takes real time.
    await expect.poll(() => firstTimer(Number.POSITIVE_INFINITY)).toBeDefined();
    await clock.turn(29_999);
    expect(told.now).toBe('pending');
    await clock.turn(1);
    await expect(connecting).rejects.toThrow('within 30000 ms');
  });

  it('controls the time for closing', async () => {
    const sockets: Socket[] = [];
    // Never ends its side.
    const server = createServer({ allowHalfOpen: true }, (socket) => sockets.push(socket.on('error', () => {})));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = await Desk.connect(`tcp://127.0.0.1:${(server.address() as { port: number }).port}`);
    const clock = stopped();
    const told = fate(client.close());
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    expect(told.now).toBe('pending');
    await clock.turn(1_000);
    await expect.poll(() => told.now).toBe('fulfilled');
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('controls the silence after which a peer is forgotten', async () => {
    const bus = await Desk.serve('udp://127.0.0.1:0', { codec: 'jrpc' });
    const peer = await Desk.invert().connect(bus.address);
    for (const side of [bus, peer]) keep(side);
    const met = new Promise((resolve) => bus.on('connect', resolve));
    peer.remote.hint({ n: 1 });
    await met;
    expect(bus.peers.size).toBe(1);
    const clock = stopped();
    await clock.turn(59_000);
    expect(bus.peers.size).toBe(1);
    await clock.turn(20_000);
    expect(bus.peers.size).toBe(0);
  });

  it('controls the delays of a faulty transport', async () => {
    const server = await Desk.serve(`memory:clock-faulty`);
    keep(server);
    server.ask.connect((_sender, { text }) => text);
    const client = await Desk.invert().connect(faulty('memory:clock-faulty', { delay: 5_000 }));
    keep(client);
    const clock = stopped();
    const told = fate(client.remote.ask({ text: 'slow' }));
    await clock.turn(4_999);
    await clock.turn(5_000);
    expect(told.now).toBe('pending');
    await clock.turn(1);
    expect(told.now).toBe('fulfilled');
  });

  it('exists once, and is advanced by one caller at a time', async () => {
    const clock = stopped();
    expect(() => stopClock()).toThrow(UsageError);
    const turning = clock.turn(10);
    await expect(clock.turn(10)).rejects.toThrow('await that first');
    await turning;
    await expect(clock.turn(-1)).rejects.toThrow(UsageError);
    await expect(clock.turn(Number.POSITIVE_INFINITY)).rejects.toThrow(UsageError);
    clock.restore();
    expect(clock.turned).toBe(10);
    await expect(clock.turn(1)).rejects.toThrow('restored');
    stopClock().restore();
  });

  it('can be released while it is being advanced', async () => {
    const clock = stopped();
    const fired: string[] = [];
    setTimer(10, () => clock.restore());
    const left = setTimer(100_000, () => fired.push('too early'));
    await clock.turn(200_000);
    expect(clock.turned).toBe(10);
    expect(fired).toEqual([]);
    clearTimer(left);
  });

  it('rejects the advance with an error that a timer throws', async () => {
    const clock = stopped();
    setTimer(1, () => {
      throw new Error('thrown by a timer');
    });
    await expect(clock.turn(1)).rejects.toThrow('thrown by a timer');
    await clock.turn(1);
  });
});

it('keeps the process alive no longer than the clock', async () => {
  const clock = stopped();
  setTimer(1e9, () => {}).unref();
  const resources = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = resources();
  clock.restore();
  expect(resources()).toBe(before);
  expect(clock.turned).toBe(0);
});
