import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { incoming, RemoteAPI, type Reply, type Sender, UsageError } from 'obverse';
import { record, replay } from 'obverse/testing';
import { afterAll, expect, it } from 'vitest';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true, params: ['n'] }) double(_sender: Sender, _n: number): Reply<number> {}
}

const folder = mkdtempSync(join(tmpdir(), 'obverse-record-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let at = 0;
const queue = (): string => `sqlite:${join(folder, `${++at}.db`)}?queue=jobs`;

it.each([
  ['a queue', queue],
  ['a service', () => `memory:recorded-service-${++at}?service`],
  ['a balance', () => `balance:(memory:recorded-part-${++at})`],
])('calls over %s are refused, not lost', async (_name, address) => {
  const made = address();
  const part = /\((.*)\)/.exec(made)?.[1] ?? made;
  await using server = await Desk.serve(part);
  server.double.connect((_sender, n) => 2 * n);
  await expect(Desk.invert().connect(record(made, () => {}))).rejects.toThrow(UsageError);
  await expect(Desk.invert().connect(record(made, () => {}))).rejects.toThrow(
    /^record\(\) records frames that go to one peer, and calls over .+ go to any of several, or to a queue: record the side that serves$/,
  );
  await using client = await Desk.invert().connect(made);
  expect(await client.remote.double(4)).toBe(8);
});

it('a worker of a queue is recorded, and replayed', async () => {
  const address = queue();
  const lines: string[] = [];
  await using boss = await Desk.invert().connect(address);
  {
    await using worker = await Desk.serve(record(address, (line) => lines.push(line)));
    worker.double.connect((_sender, n) => 2 * n);
    expect(await Promise.all([1, 2, 3].map((n) => boss.remote.double(n)))).toEqual([2, 4, 6]);
  }
  const played = replay(lines);
  const heard: number[] = [];
  await using worker = await Desk.serve(played);
  const all = new Promise<void>((resolve) => {
    worker.double.connect((_sender, n) => {
      if (heard.push(n) === 3) resolve();
      return 2 * n;
    });
  });
  await all;
  await worker.close();
  expect(heard).toEqual([1, 2, 3]);
  played.verify();
});
