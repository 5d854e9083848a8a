import { afterEach, describe, expect, it } from 'vitest';
import {
  type Accept,
  ConnectionLost,
  incoming,
  type Link,
  RemoteAPI,
  type Reply,
  type Sender,
  TimeoutError,
  type TransportMaker,
} from '../../src/index.js';
import { until } from '../support/core-waiting.js';

class Notes extends RemoteAPI {
  @incoming note(_sender: Sender, _args: { text: string }): void {}
  @incoming({ hasReply: true }) ask(_sender: Sender): Reply<string> {}
}

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

let at = 0;
interface Engine {
  readonly log: string[];
  readonly links: Link[];
  buffered: number;
  flush?: (() => Promise<void>) | undefined;
}

/** A transport that does what the engine says. */
function over(address: string, engine: Engine): TransportMaker {
  return async (wire) => {
    const transport = await wire.transport(address, false);
    const { open } = transport;
    return Object.assign(transport, {
      ...(engine.flush !== undefined && { flush: () => engine.flush?.() }),
      open: (accept: Accept) =>
        open.call(transport, (link) => {
          const { send } = link;
          engine.links.push(link);
          const made = Object.create(link, {
            buffered: { get: () => engine.buffered },
            send: {
              value: (frames: Parameters<typeof send>[0]) => {
                engine.log.push(`sent ${frames.length}`);
                send.call(link, frames);
              },
            },
          }) as Link;
          return accept(made);
        }),
    });
  };
}

async function meet(flush?: Engine['flush'], timeout = 5_000) {
  const server = await Notes.serve(`memory:flush-${++at}`);
  open.push(server);
  const heard: string[] = [];
  server.note.connect((_sender, { text }) => void heard.push(text));
  const engine: Engine = { log: [], links: [], buffered: 0, flush };
  const client = await Notes.invert().connect(over(server.address, engine), { timeout });
  open.push(client);
  await client.remote.ask().catch(() => {});
  engine.log.length = 0;
  return { server, client, engine, heard };
}

/** Whether a promise has settled, after so many turns of the event loop. */
async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
  return !settled;
}

describe('flush of a transport that stores or passes on what it is given', () => {
  it('is asked once what was sent in this turn is with the link', async () => {
    const { client, engine } = await meet(async () => void engine.log.push('flush'));
    client.remote.note({ text: 'a' });
    const flushed = client.flush();
    client.remote.note({ text: 'b' });
    await flushed;
    expect(engine.log).toEqual(['sent 2', 'flush']);
  });

  it('rejects with what the transport rejects with', async () => {
    const { client } = await meet(async () => {
      throw new ConnectionLost('2 of 5 messages could not be stored');
    });
    client.remote.note({ text: 'a' });
    await expect(client.flush()).rejects.toThrow('2 of 5 messages could not be stored');
  });

  it('rejects if a peer disconnects before everything was sent to it, also while the transport has not answered', async () => {
    let stored: () => void = () => {};
    const { client, server, engine } = await meet(() => new Promise((resolve) => (stored = resolve)));
    engine.buffered = 10;
    const flushed = client.flush();
    expect(await isOpen(flushed)).toBe(true);
    await server.close();
    stored();
    await expect(flushed).rejects.toThrow(ConnectionLost);
  });

  it('rejects with TimeoutError after the timeout of the side', async () => {
    const { client } = await meet(() => new Promise(() => {}), 30);
    await expect(client.flush()).rejects.toThrow(TimeoutError);
    await expect(client.flush()).rejects.toThrow(
      /^flush\(\): not everything was sent over memory:flush-\d+ within 30 ms \(the option "timeout" of the side\)$/,
    );
  });
});

describe('flush of other transports', () => {
  it('waits until the link has sent everything', async () => {
    const { client, engine } = await meet();
    engine.buffered = 10;
    const flushed = client.flush();
    expect(await isOpen(flushed)).toBe(true);
    engine.buffered = 0;
    await flushed;
  });

  it('rejects with ConnectionLost, if the peer disconnects before that, or the side is closed', async () => {
    for (const close of ['peer', 'side']) {
      const { client, server, engine } = await meet();
      engine.buffered = 10;
      const flushed = client.flush();
      expect(await isOpen(flushed)).toBe(true);
      void (close === 'peer' ? server : client).close();
      await expect(flushed).rejects.toThrow(ConnectionLost);
    }
  });

  it('rejects with TimeoutError if the peer does not read for so long', async () => {
    const { client, engine } = await meet(undefined, 30);
    engine.buffered = 10;
    await expect(client.flush()).rejects.toThrow(TimeoutError);
  });

  it('resolves at once where nothing was sent, and where there is nobody', async () => {
    const { client, server } = await meet();
    await Promise.all([client.flush(), client.flush(), server.flush()]);
    await client.close();
    await until(() => server.peers.size === 0);
    await server.flush();
  });

  it('rejects on a side that is not open', async () => {
    const { client } = await meet();
    await client.close();
    await expect(client.flush()).rejects.toThrow(ConnectionLost);
    await expect(Notes.create().flush()).rejects.toThrow('the side is not open: await open() first');
  });

  it('waits for the next link of a side that reconnects, over which it is sent', async () => {
    const first = await Notes.serve('tcp://127.0.0.1:0');
    const client = await Notes.invert().connect(first.address, { reconnect: { delay: [1, 20] } });
    open.push(client);
    const { address } = first;
    await first.close();
    await until(() => [...client.peers.values()].every(({ isAway }) => isAway));
    client.remote.note({ text: 'while nobody is there' });
    const flushed = client.flush();
    expect(await isOpen(flushed)).toBe(true);
    const second = await Notes.serve(address);
    open.push(second);
    const heard: string[] = [];
    second.note.connect((_sender, { text }) => void heard.push(text));
    await flushed;
    await until(() => heard.length === 1);
  });

  it('waits until the peer has it, where a session goes on over other links', async () => {
    const server = await Notes.serve('tcp://127.0.0.1:0', { resume: true });
    open.push(server);
    const heard: string[] = [];
    server.note.connect((_sender, { text }) => void heard.push(text));
    const client = await Notes.invert().connect(server.address, { reconnect: true });
    open.push(client);
    for (let n = 0; n < 100; n++) client.remote.note({ text: String(n) });
    await client.flush();
    expect(heard).toHaveLength(100);
  });
});
