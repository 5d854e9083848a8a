import assert from 'node:assert/strict';
import { RpcError, UsageError } from '../contract/errors.js';
import { type TransportCase, wireFor } from './transport-case.js';
import { type End, frameOf, Side, until, withFirst, withMeeting } from './transport-ends.js';

type It = (name: string, body: () => Promise<void>) => void;

/** The requirements for a transport until its links are up. */
export function testOpening(it: It, subject: TransportCase): void {
  const form = subject.forms?.[0] ?? 'text';
  const frame = (text: string) => frameOf(form, text);

  it('can send as soon as open has resolved', () =>
    withFirst(subject, {}, async (first, visit) => {
      const second = await visit();
      await second.open();
      assert.equal(second.ends.length, 1);
      second.ends[0]!.link.send([frame('at once')]);
      const far = await first.end();
      await far.has(1);
      assert.deepEqual(far.texts, ['at once']);
    }));

  it('has a receiver before the first frame', () =>
    withFirst(subject, {}, async (first, visit) => {
      const greet = ({ link }: End): void => queueMicrotask(() => link.send([frame('one'), frame('two')]));
      first.onLink = greet;
      // If nothing is waited for, the link already exists.
      first.ends.forEach(greet);
      const second = await visit();
      const opening = second.open();
      if (subject.silent === true) void opening.then(() => second.ends[0]!.link.send([frame('hello')]));
      await opening;
      const near = await second.end();
      await near.has(2);
      assert.deepEqual(near.texts, ['one', 'two']);
    }));

  it('gives every link its own peer id', () =>
    withFirst(subject, {}, async (first, visit) => {
      for (let n = 0; n < 5; n++) {
        const second = await visit();
        await second.open();
        (await second.end()).link.send([frame(`${n}`)]);
        await (await first.end(n)).has(1);
      }
      assert.deepEqual(
        first.ends.map((end) => end.texts),
        [['0'], ['1'], ['2'], ['3'], ['4']],
      );
      const ids = first.ends.map((end) => end.link.peer);
      assert.equal(new Set(ids).size, 5, `not all different: ${ids.join(', ')}`);
      assert.ok(ids.every((id) => id !== ''));
    }));

  it('has an address to which a peer can connect', () =>
    withMeeting(subject, {}, async ({ first, second }) => {
      for (const { transport } of [first, second]) assert.match(transport.address, /^[a-z][a-z0-9+.-]*:/);
    }));

  it('refuses peers above the limit', () =>
    withFirst(subject, { first: { limits: { peers: 2 } } }, async (first, visit) => {
      for (let n = 0; n < 2; n++) {
        const second = await visit();
        await second.open();
        (await second.end()).link.send([frame('hello')]);
        await (await first.end(n)).has(1);
      }
      const third = await visit();
      // It is reported at once or a little later; in between it may seem to be connected.
      const refused = await third.open().then(
        () => false,
        () => true,
      );
      if (!refused) {
        third.ends[0]!.link.send([frame('hello')]);
        await third.ends[0]!.ended();
      }
      assert.equal(first.ends.length, 2);
      assert.deepEqual(
        first.ends.map((end) => end.ends.length),
        [0, 0],
      );
    }));

  it('rejects open after it was closed', () =>
    withFirst(subject, {}, async (_first, visit) => {
      const second = await visit();
      await second.transport.close();
      await assert.rejects(second.open(), known);
      assert.equal(second.ends.length, 0);
    }));

  it('rejects open when it is closed meanwhile', () =>
    withFirst(subject, {}, async (first, visit) => {
      const second = await visit();
      const opening = second.open().then(
        () => undefined,
        (error: unknown) => error,
      );
      await second.transport.close();
      const error = await opening;
      // A transport that opens synchronously was open, and has ended then.
      if (error === undefined)
        assert.deepEqual(
          second.ends.map((end) => end.ends.length),
          [1],
        );
      else assert.ok(known(error));
      await until(
        () => 'the end of what was half open',
        () => first.ends.every((end) => end.ends.length === 1),
      );
    }));

  it('rejects open if nothing listens, and leaves nothing open', async () => {
    const first = new Side(await subject.first(wireFor({ form, listen: true })));
    await first.open();
    const { address } = first.transport;
    await first.close();
    const second = new Side(await subject.second(wireFor({ form }), address));
    await assert.rejects(second.open(), known);
    assert.equal(second.ends.length, 0);
    await second.close();
  });
}

/** Whether an error is of a class of this library, and has a message. */
function known(error: unknown): true {
  assert.ok(error instanceof RpcError || error instanceof UsageError, `not an error of this library: ${String(error)}`);
  assert.notEqual(error.message, '');
  return true;
}
