import assert from 'node:assert/strict';
import type { Transport, Wire } from '../contract/contract.js';
import { ConnectionLost, RpcError } from '../contract/errors.js';
import { PATIENCE_MS, until, Worker, Writer } from './keeper-ends.js';
import { type Gaps, gapped, type Runner } from './runner.js';
import { type WireOptions, wireFor } from './transport-case.js';

/** A transport that keeps messages, to test: a stream or a queue. */
export interface KeeperCase {
  /** The name of the suite in the runner's report. */
  readonly name: string;
  /** Called before each test: the writers and workers that are made until the next one share a new, empty place. */
  fresh(): void | Promise<void>;
  /** Makes a transport that writes. `wire.listen` is false. */
  writer(wire: Wire): Transport | Promise<Transport>;
  /**
   * Makes a transport that works on what was written, with others of its kind. `wire.listen` is true. It tries a message at most three
   * times, waits at most 200 ms before it tries again, and works on at most four messages at a time.
   */
  worker(wire: Wire): Transport | Promise<Transport>;
  /** The bodies of the messages that could not be handled, with the reason of each. Without it, that is not tested. */
  dead?(): Promise<readonly { readonly body: string; readonly reason: string }[]>;
  /** Tests that the transport cannot pass by design, by name, with the reason. */
  readonly gaps?: Gaps;
}

/**
 * Tests a transport that keeps messages against the contract, without the core: that a message is acknowledged when its link is closed
 * without a reason, comes again when it is closed with one, and is dead after its attempts; what `flush` promises; keys and delays; and
 * that nothing is lost when a worker is closed while it has messages.
 */
export function testKeeper(runner: Runner, subject: KeeperCase): void {
  const noDead = subject.dead === undefined ? { [DEATH]: 'the case has no `dead`' } : {};
  const it = gapped(runner, { ...noDead, ...subject.gaps });
  const test = (name: string, body: (place: Place) => Promise<void>): void =>
    it(name, async () => {
      const place = new Place(subject);
      try {
        await subject.fresh();
        await body(place);
      } finally {
        await place.close();
      }
    });
  runner.describe(subject.name, () => tests(test));
}

const DEATH = 'keeps a message apart that has failed too often, with the reason';

function tests(test: (name: string, body: (place: Place) => Promise<void>) => void): void {
  test('gives what was written to a worker, as brief links with one frame', async (place) => {
    const writer = await place.write();
    writer.put('one');
    writer.put('two');
    await writer.flush();
    const worker = await place.work();
    const tasks = await worker.tasks(2);
    assert.deepEqual(tasks.map(({ body }) => body).sort(), ['one', 'two']);
    for (const { link } of tasks) assert.deepEqual([link.brief, link.takes], [true, 'answers']);
    assert.equal(new Set(tasks.map(({ link }) => link.peer)).size, 2, 'the peers of two messages have the same id');
    for (const { link } of tasks) link.close();
    await until('the ends of the links', () => tasks.every(({ ends }) => ends.length === 1));
    assert.deepEqual(
      tasks.map(({ ends }) => ends),
      [[undefined], [undefined]],
    );
  });

  test('does not give again what was acknowledged', async (place) => {
    const writer = await place.write();
    writer.put('done');
    const first = await place.work();
    (await first.tasks(1))[0]?.link.close();
    await first.close();
    writer.put('next');
    const second = await place.work();
    const [next] = await second.tasks(1);
    assert.equal(next?.body, 'next');
    next?.link.close();
  });

  test('gives a message again whose link was closed with an error, and says which attempt it is', async (place) => {
    const writer = await place.write();
    const worker = await place.work();
    writer.put('again');
    (await worker.tasks(1))[0]?.link.close(new Error('failed'));
    const [, second] = await worker.tasks(2);
    assert.equal(second?.body, 'again');
    assert.equal(second?.link.info?.attempt, 2);
    second?.link.close();
  });

  test('gives a message to another worker when its own is closed before it was handled', async (place) => {
    const writer = await place.write();
    const first = await place.work();
    writer.put('left');
    const [left] = await first.tasks(1);
    left?.link.close(new ConnectionLost('the side is closed'));
    await first.close();
    const second = await place.work();
    const [again] = await second.tasks(1);
    assert.equal(again?.body, 'left');
    again?.link.close();
  });

  test('ends the links of a worker that is closed, and gives their messages to another one', async (place) => {
    const writer = await place.write();
    const first = await place.work();
    for (const body of ['a', 'b', 'c']) writer.put(body);
    const held = await first.tasks(3);
    await first.close();
    await until('the ends of the links', () => held.every(({ ends }) => ends.length === 1));
    for (const { ends } of held)
      assert.ok(ends[0] instanceof Error, 'a link whose message was not handled ended cleanly');
    const second = await place.work();
    // A message may come twice, and each comes.
    assert.deepEqual([...(await second.handle(3))].sort(), ['a', 'b', 'c']);
  });

  test('takes no message any more once it is retired, and lets those at work end', async (place) => {
    const writer = await place.write();
    const first = await place.work();
    writer.put('at work');
    const [task] = await first.tasks(1);
    if (first.transport.retire === undefined) return;
    await first.transport.retire();
    writer.put('later');
    await writer.flush();
    const second = await place.work();
    const [later] = await second.tasks(1);
    assert.equal(later?.body, 'later');
    assert.equal(first.all.length, 1, 'a worker took a message after retire()');
    task?.link.close();
    later?.link.close();
  });

  test('gives a worker no more than it can work on', async (place) => {
    const writer = await place.write();
    for (let n = 0; n < 12; n++) writer.put(`${n}`);
    await writer.flush();
    const worker = await place.work();
    await worker.handle(12, (atWork) => assert.ok(atWork <= 4, `a worker has ${atWork} messages at a time`));
    assert.equal(worker.all.length, 12);
  });

  test('shares the messages among workers', async (place) => {
    const writer = await place.write();
    const workers = [await place.work(), await place.work()];
    for (let n = 0; n < 8; n++) writer.put(`${n}`);
    await until('eight messages', () => workers.every(({ all }) => all.length === 4));
    const bodies = workers.flatMap(({ all }) => all.map(({ body }) => body)).sort();
    assert.deepEqual(bodies, ['0', '1', '2', '3', '4', '5', '6', '7']);
    for (const { all } of workers) for (const { link } of all) link.close();
  });

  test('writes a message with the same key once', async (place) => {
    const writer = await place.write();
    if (writer.link.keeps?.includes('key') !== true) return;
    writer.put('first', { key: 'k' });
    writer.put('second', { key: 'k' });
    writer.put('other', { key: 'o' });
    await writer.flush();
    const worker = await place.work();
    const tasks = await worker.tasks(2);
    assert.deepEqual(tasks.map(({ body }) => body).sort(), ['first', 'other']);
    for (const { link } of tasks) link.close();
  });

  test('gives a message with a delay after that', async (place) => {
    const writer = await place.write();
    if (writer.link.keeps?.includes('delay') !== true) return;
    const worker = await place.work();
    const since = performance.now();
    writer.put('late', { delay: 300 });
    writer.put('now');
    const [now, late] = await worker.tasks(2);
    assert.deepEqual([now?.body, late?.body], ['now', 'late']);
    assert.ok(performance.now() - since >= 290, 'a message came before its delay was over');
    now?.link.close();
    late?.link.close();
  });

  test(DEATH, async (place) => {
    const writer = await place.write();
    const worker = await place.work();
    writer.put('bad');
    for (let n = 1; n <= 3; n++) (await worker.tasks(n))[n - 1]?.link.close(new RpcError('it is bad', 1));
    await place.died([{ body: 'bad', reason: 'it is bad' }]);
    assert.equal(worker.all.length, 3);
  });

  test('tries a message as often as its call says', async (place) => {
    const writer = await place.write();
    if (writer.link.keeps?.includes('attempts') !== true || !place.reportsDead) return;
    const worker = await place.work();
    writer.put('once', { attempts: 1 });
    (await worker.tasks(1))[0]?.link.close(new RpcError('it is bad', 1));
    await place.died([{ body: 'once', reason: 'it is bad' }]);
    assert.equal(worker.all.length, 1);
  });

  test('does not try again what no attempt makes better: arguments that do not fit', async (place) => {
    const writer = await place.write();
    if (!place.reportsDead) return;
    const worker = await place.work();
    writer.put('wrong');
    (await worker.tasks(1))[0]?.link.close(new RpcError('an argument is missing', -32_602));
    await place.died([{ body: 'wrong', reason: 'an argument is missing' }]);
    assert.equal(worker.all.length, 1);
  });

  test('has stored everything when flush resolves, also what the writer was given just before it is closed', async (place) => {
    const writer = await place.write();
    for (let n = 0; n < 50; n++) writer.put(`${n}`);
    await writer.flush();
    for (let n = 50; n < 60; n++) writer.put(`${n}`);
    await writer.close();
    const worker = await place.work();
    await worker.handle(60);
    assert.equal(worker.all.length, 60);
  });
}

/** The writers and workers of one test. */
class Place {
  private readonly ends: { close(): Promise<void> }[] = [];

  constructor(private readonly subject: KeeperCase) {}

  async write(): Promise<Writer> {
    const writer = new Writer(await this.subject.writer(wireFor({ listen: false })));
    this.ends.push(writer);
    await writer.open();
    return writer;
  }

  async work(options: WireOptions = {}): Promise<Worker> {
    const worker = new Worker(await this.subject.worker(wireFor({ ...options, listen: true })));
    this.ends.push(worker);
    await worker.begin();
    return worker;
  }

  get reportsDead(): boolean {
    return this.subject.dead !== undefined;
  }

  async died(expected: readonly object[]): Promise<void> {
    const { dead } = this.subject;
    let found = await dead?.call(this.subject);
    for (const end = performance.now() + PATIENCE_MS; found?.length !== expected.length && performance.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      found = await dead?.call(this.subject);
    }
    assert.deepEqual(found, expected);
  }

  async close(): Promise<void> {
    for (const end of this.ends.reverse()) await end.close();
  }
}
