import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Aborted,
  incoming,
  type Kept,
  keep,
  namespace,
  ProtocolError,
  RemoteAPI,
  RemoteError,
  type Reply,
  RpcError,
  release,
  type Sender,
  serializable,
  standardTypes,
  UsageError,
} from '../../src/index.js';
import { root } from '../docs/pages.js';

/* Two copies of the library in one process: this one, and one that is built into another folder. */

type Library = typeof import('../../src/index.js');

let folder: string;
let other: Library;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'obverse-copy-'));
  await build({
    entryPoints: [join(root, 'src/index.ts')],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    external: ['ws', 'msgpackr', 'msgpackr/*'],
    logLevel: 'silent',
  });
  other = (await import(/* @vite-ignore */ pathToFileURL(join(folder, 'index.mjs')).href)) as Library;
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const twoCopies = (): RegExp => new RegExp(`another copy of Obverse.*file:.*/src/contract/copies\\.ts.*${folder}/`);

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { what: string }): Reply<unknown> {}
  @incoming({ hasReply: true }) take(_sender: Sender, _args: { value: unknown }): Reply<unknown> {}
}

let rooms = 0;

async function desk(types: Library['standardTypes'] | readonly unknown[] = []) {
  const options = { types: types as never };
  const room = `memory:copies-${++rooms}`;
  const served = await Desk.serve(room, options);
  const client = await Desk.invert().connect(room, options);
  return [served, client] as const;
}

describe('what works across two copies', () => {
  it('errors keep their code and data, and are instances of the same classes', async () => {
    expect(other.RpcError).not.toBe(RpcError);
    const [served, client] = await desk();
    served.ask.connect((_sender, { what }) => {
      if (what === 'rpc') throw new other.RpcError('out of reach', 4_001, { away: 1 });
      if (what === 'aborted') throw new other.Aborted('not for the caller');
      throw new (class Own extends other.RpcError {})('own', 7, 'data');
    });
    const failure = (what: string) => client.remote.ask({ what }).catch((error: RemoteError) => error);
    expect(await failure('rpc')).toMatchObject({ message: 'out of reach', code: 4_001, data: { away: 1 } });
    expect(await failure('aborted')).toMatchObject({ code: -32000 });
    expect(await failure('own')).toMatchObject({ code: 7, data: 'data', remoteName: 'Own' });
    await client.close();
    await served.close();
    const theirs = new other.ProtocolError('broken');
    expect([RpcError, ProtocolError, RemoteError, Aborted, UsageError].map((one) => theirs instanceof one)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(new other.UsageError('odd')).toBeInstanceOf(UsageError);
    class Mine extends RpcError {}
    expect(theirs instanceof Mine).toBe(false);
  });

  it('a class that the other copy has decorated by `reference` is passed by reference', async () => {
    class Counter {
      private count = 0;
      next(): number {
        return ++this.count;
      }
    }
    other.reference(Counter);
    const [served, client] = await desk();
    served.ask.connect(() => new Counter());
    const counter = (await client.remote.ask({ what: '' })) as { next(): Promise<number> };
    expect([await counter.next(), await counter.next()]).toEqual([1, 2]);
    await client.close();
    await served.close();
  });

  it('a class that the other copy has decorated by `serializable` is a type', async () => {
    class Money {
      constructor(readonly cents: number) {}
    }
    other.serializable({ id: 'money' })(Money);
    const [served, client] = await desk([Money]);
    served.take.connect((_sender, { value }) => [(value as Money).cents, value]);
    const [cents, back] = (await client.remote.take({ value: new Money(3) })) as [number, Money];
    expect(cents).toBe(3);
    expect(back).toBeInstanceOf(Money);
    expect(serializable).not.toBe(other.serializable);
    await client.close();
    await served.close();
  });

  it('decorators of the other copy declare methods, in both dialects and without', async () => {
    class Marked extends RemoteAPI {
      @other.incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<number> {}
    }
    class Declared extends RemoteAPI {
      ask(_sender: Sender, _args: { n: number }): Reply<number> {}
    }
    other.declareMethods(Declared, { ask: other.incoming({ hasReply: true }) });
    const described = [{ path: 'ask', method: 'ask', direction: 'incoming', kind: 'request' }];
    expect(Marked.describe()).toEqual(described);
    expect(Declared.describe()).toEqual(described);
  });
});

describe('other uses throw an error that says that there are two copies, and where each is', () => {
  it('namespace(), with a class of the other, and within one', () => {
    class Theirs extends other.RemoteAPI {}
    expect(() => namespace(Theirs)).toThrow(UsageError);
    expect(() => namespace(Theirs)).toThrow(twoCopies());
    class Room extends other.RemoteAPI {}
    class House extends RemoteAPI {
      readonly room = other.namespace(Room);
    }
    expect(() => House.describe()).toThrow(twoCopies());
  });

  it('mount(), with a class or a side of the other', async () => {
    class Theirs extends other.RemoteAPI {}
    const [served, client] = await desk();
    expect(() => served.mount('room', Theirs as never)).toThrow(twoCopies());
    expect(() => served.mount('room', Theirs.create() as never)).toThrow(twoCopies());
    served.ask.connect(() => Theirs.create());
    await expect(client.remote.ask({ what: 'a side' })).rejects.toThrow(twoCopies());
    await client.close();
    await served.close();
  });

  it('types, with standardTypes of the other', async () => {
    expect(standardTypes).not.toBe(other.standardTypes);
    await expect(Desk.serve('memory:copies', { types: other.standardTypes as never })).rejects.toThrow(twoCopies());
  });

  it('keep() and release(), with a reference that the other has received', async () => {
    const [served, client] = await desk();
    const kept: (() => Kept)[] = [];
    served.take.connect((_sender, { value }) => {
      const passed = value as (() => void) & { list: object };
      expect(() => other.keep(passed)).toThrow(twoCopies2());
      expect(() => other.release(passed)).toThrow(twoCopies2());
      kept.push(() => keep(passed));
      keep(passed).release();
      return 1;
    });
    await client.remote.take({ value: () => {} });
    class Basket {
      list(): number {
        return 1;
      }
    }
    other.reference(Basket);
    await client.remote.take({ value: new Basket() });
    expect(kept).toHaveLength(2);
    expect(() => release(() => {})).toThrow(/only what a peer has passed/);
    await client.close();
    await served.close();
  });

  /** The same, reported by the other copy. */
  const twoCopies2 = (): RegExp => new RegExp(`another copy of Obverse.*${folder}/.*file:.*/src/contract/copies\\.ts`);
});

it('a call within one that another copy carries out reports that there are two', async () => {
  const [side, client] = await desk();
  const theirs = await class Upstream extends other.RemoteAPI {}.serve('memory:upstream-of-copies');
  let within: Sender | undefined;
  side.take.connect((sender) => {
    within = sender;
  });
  await client.remote.take({ value: 1 });
  expect(() => theirs.with({ within: within as Sender })).toThrow(
    /^within: the sender belongs to another copy of Obverse/,
  );
  await theirs.close();
  await client.close();
  await side.close();
});
