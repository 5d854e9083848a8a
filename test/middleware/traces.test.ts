import { AsyncLocalStorage } from 'node:async_hooks';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type CallContext,
  type Far,
  type Interceptor,
  incoming,
  type Metadata,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  reference,
  type Sender,
  type TransportSource,
} from '../../src/index.js';
import { RawClient } from '../support/core-raw.js';
import { Log, until } from '../support/core-waiting.js';

/* One trace goes through a call, its handler, what that calls back, and what is called there: by metadata, as tracers do it. */

@reference
class Counter {
  *upTo(to: number): Generator<number> {
    for (let n = 1; n <= to; n++) yield n;
  }
}

type Step = (n: number) => Promise<string> | string;

class Work extends RemoteAPI {
  @incoming({ hasReply: true, allowPositionalArgs: true }) work(_from: Sender, _step: Step): Reply<string> {}
  @incoming({ hasReply: true, allowPositionalArgs: true }) hand(_from: Sender, _step: Step): Reply<string> {}
  @incoming({ hasReply: true, allowPositionalArgs: true }) sum(_from: Sender, _counter: Far<Counter>): Reply<number> {}
  @incoming note(_from: Sender, _args: { text: string }): void {}
  @outgoing({ hasReply: true, allowPositionalArgs: true }) further(_to: Receivers, _step: Step): Reply<string> {}
}

interface Span {
  readonly trace: number;
  readonly id: number;
  readonly parent: number | undefined;
  readonly where: string;
}

/** A tracer that all the programs of a system share. */
class Tracer {
  readonly spans: Span[] = [];
  private readonly active = new AsyncLocalStorage<Span>();
  private last = 0;

  /** The interceptors of one program. */
  around(name: string): Interceptor {
    return (call, next) => {
      const above = call.direction === 'incoming' ? (call.metadata.span as Span | undefined) : this.active.getStore();
      const span = this.begin(`${name} ${call.direction} ${call.path}`, above);
      if (call.direction === 'outgoing') call.metadata = { ...call.metadata, span: { trace: span.trace, id: span.id } };
      return this.active.run(span, next);
    };
  }

  private begin(where: string, above: Span | undefined): Span {
    const id = ++this.last;
    const span = { trace: above?.trace ?? id, id, parent: above?.id, where };
    this.spans.push(span);
    return span;
  }

  /** The spans of the first trace, nested. */
  get tree(): string[] {
    const depth = (span: Span): number => {
      const above = this.spans.find(({ id }) => id === span.parent);
      return above === undefined ? 0 : 1 + depth(above);
    };
    return this.spans.map((span) => `${'  '.repeat(depth(span))}${span.where}`);
  }

  get traces(): number {
    return new Set(this.spans.map(({ trace }) => trace)).size;
  }
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function meet(at: TransportSource, codec: string, tracer: Tracer) {
  const server = await Work.serve(at, { codec, use: tracer.around('server') });
  ends.push(() => server.close());
  return server;
}

async function join(at: TransportSource, codec: string, use: Interceptor) {
  const client = await Work.invert().connect(at, { codec, use });
  ends.push(() => client.close());
  return client;
}

/** The address of a side that may have several transports. */
function oneOf(address: string): string {
  return /^mux:\((tcp:[^)]*)\)/.exec(address)?.[1] ?? address;
}

const one = [
  'client outgoing work',
  '  server incoming work',
  '    server outgoing callback',
  '      client incoming callback',
  '        client outgoing note',
  '          server incoming note',
];

describe.each([
  ['tcp://127.0.0.1:0', 'jrpc'],
  ['tcp://127.0.0.1:0', 'msgpack'],
  ['ws://127.0.0.1:0', 'jrpc'],
  ['mux:(tcp://127.0.0.1:0)(memory:beside)', 'jrpc'],
  ['memory:traces', 'clone'],
])('over %s with %s', (at, codec) => {
  it('a trace includes a call, its handler, a callback, and the calls of that', async () => {
    const tracer = new Tracer();
    const server = await meet(at, codec, tracer);
    const noted: string[] = [];
    server.work.connect(async (_sender, step) => step(1));
    server.note.connect((_sender, { text }) => void noted.push(text));
    const client = await join(oneOf(server.address), codec, tracer.around('client'));
    const answer = await client.remote.work((n) => {
      client.remote.note({ text: `step ${n}` });
      return `done ${n}`;
    });
    expect(answer).toBe('done 1');
    await until(() => noted.length === 1);
    expect(tracer.tree).toEqual(one);
    expect(tracer.traces).toBe(1);
  });

  it('a trace includes a stream that a method of an object returns', async () => {
    const tracer = new Tracer();
    const server = await meet(at, codec, tracer);
    server.sum.connect(async (_sender, counter) => {
      let sum = 0;
      for await (const n of counter.upTo(3)) sum += n;
      return sum;
    });
    const client = await join(oneOf(server.address), codec, tracer.around('client'));
    expect(await client.remote.sum(new Counter())).toBe(6);
    expect(tracer.traces).toBe(1);
    expect(tracer.tree.at(-1)).toBe('      client incoming callback.upTo');
  });

  it('a trace includes a third program, to which a function is passed on', async () => {
    const tracer = new Tracer();
    const server = await meet(at, codec, tracer);
    const address = oneOf(server.address);
    const worker = await join(address, codec, tracer.around('worker'));
    worker.further.connect((_sender, step) => step(7));
    server.hand.connect((sender, step) => {
      const [other] = [...server.peers.values()].filter(({ id }) => id !== sender.id);
      return server.further(other ?? null, step);
    });
    const client = await join(address, codec, tracer.around('client'));
    await until(() => server.peers.size === 2);
    expect(await client.remote.hand((n) => `done ${n}`)).toBe('done 7');
    expect(tracer.traces).toBe(1);
    expect(tracer.tree.at(-1)).toMatch(/^ {14}client incoming callback$/);
  });

  it('metadata of the answer to a callback arrive at its caller', async () => {
    const tracer = new Tracer();
    const server = await meet(at, codec, tracer);
    server.work.connect(async (_sender, step) => step(1));
    const heard: (Metadata | undefined)[] = [];
    server.use(async (call, next) => {
      const given = await next();
      if (call.kind === 'callback') heard.push(call.replyMetadata);
      return given;
    });
    const client = await join(oneOf(server.address), codec, (call: CallContext, next) => {
      if (call.kind === 'callback') call.replyMetadata = { took: 5 };
      return next();
    });
    await client.remote.work((n) => `done ${n}`);
    expect(heard).toEqual([{ took: 5 }]);
  });
});

it('over a port', async () => {
  const tracer = new Tracer();
  const { port1, port2 } = new MessageChannel();
  const server = await meet({ url: 'port:', port: port1 }, 'clone', tracer);
  server.work.connect(async (_sender, step) => step(1));
  server.note.connect(() => {});
  const client = await join({ url: 'port:', port: port2 }, 'clone', tracer.around('client'));
  await client.remote.work((n) => {
    client.remote.note({ text: 'x' });
    return `done ${n}`;
  });
  await until(() => tracer.spans.length === one.length);
  expect(tracer.tree).toEqual(one);
});

describe('metadata of a callback', () => {
  /** A peer by hand that has passed a function, and the messages that it receives. */
  async function passing(use: Interceptor | undefined): Promise<unknown[]> {
    const log = new Log();
    const server = await Work.serve('tcp://127.0.0.1:0', { logger: log, ...(use && { use }) });
    ends.push(() => server.close());
    server.work.connect(async (_sender, step) => step(1));
    using far = await RawClient.connect(server.address);
    far.write(
      { jsonrpc: '2.0', method: 'rpc.about', params: { call: 1, tagged: true } },
      { jsonrpc: '2.0', id: 1, method: 'work', params: [{ $rpc: ['fn', 5] }] },
    );
    await far.until(() => far.lines.some((line) => line.includes('"rpc.call"')));
    const heard = far.lines.map((line) => JSON.parse(line) as { id?: number; method?: string });
    const call = heard.find(({ method }) => method === 'rpc.call');
    far.write({ jsonrpc: '2.0', id: call?.id, result: 'done' });
    await far.until(() => far.lines.some((line) => line.includes('"result"')));
    return heard;
  }

  it('are sent in rpc.about if an interceptor has added them', async () => {
    const heard = await passing((call, next) => {
      if (call.kind === 'callback') call.metadata = { trace: 'a1' };
      return next();
    });
    const [about, call] = heard.filter((one) => !JSON.stringify(one).includes('rpc.keep')) as { id: number }[];
    expect(about).toEqual({
      jsonrpc: '2.0',
      method: 'rpc.about',
      params: { call: call?.id, metadata: { trace: 'a1' } },
    });
    expect(call).toMatchObject({ method: 'rpc.call', params: [5, null, [1]] });
  });

  it('cost no message without any, and nothing without interceptors', async () => {
    for (const use of [undefined, ((_call, next) => next()) as Interceptor]) {
      const heard = await passing(use);
      expect(JSON.stringify(heard)).not.toContain('rpc.about');
    }
  });
});

it('metadata of an outgoing call are not sent if the codec sends no hello', async () => {
  for (const codec of ['jrpc?hello=off', 'jrpc?dialect=mcp', 'terse']) {
    const server = await Work.serve('tcp://127.0.0.1:0?framing=lines', {
      codec,
      use: (call, next) => {
        call.metadata = { trace: 'a1' };
        return next();
      },
    });
    using far = await RawClient.connect(server.address);
    await until(() => server.peers.size === 1);
    void server.callPath('ask').catch(() => {});
    await far.until(() => far.lines.length === 1);
    expect(far.lines[0]).not.toContain('rpc.about');
    await server.close();
  }
});
