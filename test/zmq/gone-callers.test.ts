import { afterEach, describe, expect, it } from 'vitest';
import { type Dealer, Request } from 'zeromq';
import { until } from '../support/core-waiting.js';
import { ANYWHERE, attack, bare, call, endpointOf, leave } from './bare.js';
import { closeAll, closing, Work } from './ends.js';

/* Callers that are not Obverse, and leave with open calls: ZeroMQ does not report that they are gone. */

afterEach(closeAll);

async function serve(options: { peers?: number; forget?: number } = {}) {
  const { peers = 20, forget = 3_600 } = options;
  const side = closing(await Work.serve(`${ANYWHERE}?forget=${forget}`, { logger: null, limits: { peers } }));
  const seen = { begun: 0, aborted: 0 };
  side.who.connect(() => 'server');
  side.wait.connect((sender) => {
    seen.begun++;
    return new Promise<string>((_resolve, reject) =>
      sender.signal.addEventListener('abort', () => {
        seen.aborted++;
        reject(new Error('aborted'));
      }),
    );
  });
  return { side, seen };
}

const wait = (id = 1): string => call(id, 'wait', { n: id });

/** Asks until it is answered: what finds no room is dropped. */
async function isServed(socket: Dealer): Promise<void> {
  const answer = socket.receive();
  let isThere = false;
  answer.then(
    () => {
      isThere = true;
    },
    () => {},
  );
  await until(() => {
    if (!isThere && socket.writable) void socket.send(call(1));
    return isThere;
  });
  expect(String((await answer).at(-1))).toContain('server');
}

describe('one connection that fills limits.peers with open calls under many names', () => {
  it('loses them when it is gone, and makes room for others', async () => {
    const { side, seen } = await serve();
    const attacker = attack(endpointOf(side));
    for (let n = 0; n < 20; n++) await attacker.send([`name ${n}`, wait()]);
    await until(() => seen.begun === 20);
    for (let n = 0; n < 20; n++) await attacker.send([`other ${n}`, wait()]);
    leave(attacker);
    await until(() => seen.aborted === 20);
    expect(side.peers.size).toBe(0);
    await isServed(attack(endpointOf(side)));
  });

  it('makes room for callers of other connections while it stays', async () => {
    const { side, seen } = await serve();
    const attacker = attack(endpointOf(side));
    for (let n = 0; n < 20; n++) await attacker.send([`name ${n}`, wait()]);
    await until(() => seen.begun === 20);
    for (let n = 0; n < 20; n++) await attacker.send([`other ${n}`, wait()]);
    // Each of them has an open call, too, and keeps its place.
    const others = Array.from({ length: 10 }, () => attack(endpointOf(side)));
    for (const [n, other] of others.entries()) {
      await other.send(wait(n));
      await until(() => seen.begun === 21 + n);
    }
    expect(seen.aborted).toBe(10);
    for (let n = 0; n < 40; n++) await attacker.send([`name ${n}`, wait()]);
    await isServed(others[0] as Dealer);
    expect(seen).toEqual({ begun: 30, aborted: 10 });
    expect(side.peers.size).toBe(20);
  });
});

it('many connections that are gone with their open calls, and have filled limits.peers, make room for others', async () => {
  const { side, seen } = await serve();
  for (let n = 0; n < 20; n++) {
    const attacker = attack(endpointOf(side));
    await attacker.send(wait());
    await until(() => seen.begun === n + 1);
    leave(attacker);
  }
  await isServed(attack(endpointOf(side)));
  expect(seen.aborted).toBeGreaterThan(0);
});

it('a caller that is gone with an open call is forgotten after `forget`, and one that waits is not', async () => {
  const { side, seen } = await serve({ forget: 0.2 });
  const there = attack(endpointOf(side));
  const gone = attack(endpointOf(side));
  for (const [n, each] of [there, gone].entries()) {
    await each.send(wait());
    await until(() => seen.begun === n + 1);
  }
  leave(gone);
  await until(() => seen.aborted === 1);
  // It is asked by an empty message, again and again.
  for (let n = 0; n < 3; n++) expect((await there.receive())[0]).toHaveLength(0);
  expect(seen.aborted).toBe(1);
  expect(side.peers.size).toBe(1);
});

it('a REQ socket that waits is not disturbed when others leave, and its call ends when it leaves', async () => {
  const { side, seen } = await serve({ forget: 0.2 });
  const asks = bare(new Request());
  asks.connect(endpointOf(side));
  await asks.send(wait(7));
  await until(() => seen.begun === 1);
  const answer = asks.receive();
  let isAnswered = false;
  answer.then(
    () => {
      isAnswered = true;
    },
    () => {},
  );
  for (let n = 0; n < 5; n++) {
    const other = attack(endpointOf(side));
    await other.send([`name ${n}`, wait()]);
    await until(() => seen.begun === n + 2);
    leave(other);
    await until(() => seen.aborted === n + 1);
  }
  expect(isAnswered).toBe(false);
  expect(side.peers.size).toBe(1);
  leave(asks);
  await until(() => seen.aborted === 6);
  expect(side.peers.size).toBe(0);
});

it('a caller whose identity spells the envelope of another one gets none of its answers', async () => {
  const { side } = await serve();
  const release: (() => void)[] = [];
  side.size.connect(() => new Promise<number>((resolve) => release.push(() => resolve(42))));
  const devices = Array.from({ length: 9 }, () => 'd');
  const thief = attack(endpointOf(side), { routingId: `0:6:victim${devices.map((each) => `:1:${each}`).join('')}` });
  await thief.send(call(1));
  expect(String((await thief.receive())[0])).toContain('server');
  const victim = attack(endpointOf(side), { routingId: 'victim' });
  await victim.send([...devices, call(77, 'size', { text: '' })]);
  await until(() => release.length === 1);
  expect(side.peers.size).toBe(2);
  release[0]?.();
  expect(String((await victim.receive()).at(-1))).toContain('42');
});
