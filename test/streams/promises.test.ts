import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { incoming, RemoteAPI, type Sender, type Stream, type StreamSource } from '../../src/index.js';

class Source extends RemoteAPI {
  @incoming({ stream: true }) items(_sender: Sender): Stream<unknown> {}
}

describe.each(['jrpc', 'msgpack', 'terse'])('a source of promises in %s', (codec) => {
  let give: () => StreamSource<unknown>;
  let side: Awaited<ReturnType<typeof open>>[0];
  let client: Awaited<ReturnType<typeof open>>[1];
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);

  async function open() {
    const served = await Source.serve('tcp://127.0.0.1:0', { codec });
    served.items.connect(() => give());
    return [served, await Source.invert().connect(served.address, { codec, timeout: 3_000 })] as const;
  }

  beforeEach(async () => {
    unhandled.length = 0;
    process.on('unhandledRejection', note);
    [side, client] = await open();
  });
  afterEach(async () => {
    await client.close();
    await side.close();
    process.off('unhandledRejection', note);
  });

  async function arrived(): Promise<{ items: unknown[]; error: unknown }> {
    const items: unknown[] = [];
    try {
      for await (const item of client.remote.items()) items.push(item);
    } catch (error) {
      return { items, error };
    }
    return { items, error: undefined };
  }

  it('is awaited, and a rejection ends the stream', async () => {
    give = () => [Promise.resolve(1), 2, Promise.reject(new RangeError('no more')), 3];
    const { items, error } = await arrived();
    expect(items).toEqual(codec === 'terse' ? [] : [1, 2]);
    expect((error as Error).message).toBe('no more');
  });

  it('ends no process if a promise rejects before its turn, or after the end', async () => {
    give = () => [
      new Promise((resolve) => setTimeout(resolve, 20, 'late')),
      Promise.reject(new RangeError('first')),
      Promise.reject(new RangeError('second')),
    ];
    const { error } = await arrived();
    expect((error as Error).message).toBe('first');
    await once(process, 'obverse-never', { signal: AbortSignal.timeout(20) }).catch(() => {});
    expect(unhandled).toEqual([]);
  });

  it('closes a generator whose promise rejects', async () => {
    let closed = false;
    give = function* () {
      try {
        yield Promise.resolve('a');
        yield Promise.reject(new RangeError('b'));
      } finally {
        closed = true;
      }
    };
    const { error } = await arrived();
    expect((error as Error).message).toBe('b');
    expect(closed).toBe(true);
  });

  it('of another kind works too: any object with a `then`', async () => {
    // biome-ignore lint/suspicious/noThenProperty: the fault that is looked for
    give = () => [{ then: (resolve: (value: unknown) => void) => resolve('settled') }];
    expect(await arrived()).toEqual({ items: ['settled'], error: undefined });
  });
});
