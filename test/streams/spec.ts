import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { MessageChannel } from 'node:worker_threads';
import {
  type Inverted,
  incoming,
  type Options,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
  type Stream,
  type TransportSource,
} from 'obverse';

/** The kinds of sources. */
export type Kind = 'generator' | 'async' | 'list' | 'promise' | 'web' | 'node' | 'slow';

/** Streams of every kind, and what their producer observes. */
export class Streams extends RemoteAPI {
  /** The numbers from 0 up to this one. */
  @incoming({ stream: true }) count(_sender: Sender, _args: { to: number; kind?: Kind }): Stream<number, number> {}
  /** So many numbers, and then an error. */
  @incoming({ stream: true }) fail(_sender: Sender, _args: { after: number; kind?: Kind }): Stream<number> {}
  /** Items of this size. */
  @incoming({ stream: true }) large(_sender: Sender, _args: { size: number; count: number }): Stream<string> {}
  /** Any source that the test sets. */
  @incoming({ stream: true }) any(_sender: Sender, _args?: { name?: string }): Stream<unknown, unknown> {}
  @incoming({ hasReply: true }) add(_sender: Sender, _args: { a: number; b: number }): Reply<number> {}
  /** Adds up the items of a stream. */
  @incoming({ hasReply: true }) sum(
    _sender: Sender,
    _args: { of: AsyncIterable<number>; most?: number },
  ): Reply<number> {}
}
export type Handling = Side<Streams>;
export type Calling = Side<Inverted<Streams>>;

/** The state of the sources of a side. */
export class Seen {
  produced = 0;
  /** How many have run their `finally`. */
  ended = 0;
}

function* numbers(to: number, seen: Seen, failing = false): Generator<number> {
  try {
    for (let n = 0; n < to; n++) {
      seen.produced++;
      yield n;
    }
    if (failing) throw new RangeError('no more numbers');
  } finally {
    seen.ended++;
  }
}

async function* later(to: number, seen: Seen, failing = false, pause?: () => Promise<unknown>): AsyncGenerator<number> {
  for (const n of numbers(to, seen, failing)) {
    await pause?.();
    yield n;
  }
}

/** A source of a kind. */
export function sourceOf(
  kind: Kind,
  to: number,
  seen: Seen,
  failing = false,
): Iterable<number> | AsyncIterable<number> {
  switch (kind) {
    case 'generator':
    case 'promise':
      return numbers(to, seen, failing);
    case 'list':
      return [...numbers(to, seen)];
    case 'async':
      return later(to, seen, failing);
    case 'slow':
      return later(to, seen, failing, () => new Promise((resolve) => setTimeout(resolve, 1)));
    case 'node':
      return Readable.from(later(to, seen, failing));
    case 'web': {
      const items = numbers(to, seen, failing);
      return new ReadableStream<number>({
        pull(controller) {
          const { done, value } = items.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
        cancel() {
          items.return(undefined);
        },
      });
    }
  }
}

/** Connects the handlers. */
export function handle(side: Handling, seen: Seen = new Seen()): Seen {
  side.count.connect((_sender, { to, kind = 'generator' }) => {
    const source = sourceOf(kind, to, seen);
    return kind === 'promise' ? Promise.resolve(source) : source;
  });
  side.fail.connect((_sender, { after, kind = 'generator' }) => sourceOf(kind, after, seen, true));
  side.large.connect(function* (_sender, { size, count }) {
    for (const n of numbers(count, seen)) yield String(n % 10).repeat(size);
  });
  side.add.connect((_sender, { a, b }) => a + b);
  side.sum.connect(async (_sender, { of, most = Number.POSITIVE_INFINITY }) => {
    let sum = 0;
    let taken = 0;
    for await (const n of of) {
      sum += n;
      if (++taken >= most) break;
    }
    return sum;
  });
  return seen;
}

/** Two ends in this process. */
export interface Meeting extends AsyncDisposable {
  readonly handling: Handling;
  readonly calling: Calling;
  readonly seen: Seen;
}

let rooms = 0;

/** Connects two ends: the one that handles serves and the other dials, or, if `turned`, the other way round. */
export async function meet(link: string, options: Options = {}, turned = false): Promise<Meeting> {
  const quiet: Options = { logger: null, ...options };
  const { port1, port2 } = new MessageChannel();
  const places: Record<string, TransportSource> = {
    'memory:': `memory:streams${rooms++}`,
    'port:': { url: 'port:', port: port1 },
    'tcp:': 'tcp://127.0.0.1:0',
    'ws:': 'ws://127.0.0.1:0',
  };
  const place = places[link] as TransportSource;
  const other = ({ address }: { address: string }): TransportSource =>
    link === 'port:' ? { url: 'port:', port: port2 } : address;
  let handling: Handling;
  let calling: Calling;
  if (turned) {
    calling = await Streams.invert().serve(place, quiet);
    handling = await Streams.connect(other(calling), quiet);
    if (calling.peers.size === 0) await new Promise<void>((resolve) => calling.on('connect', () => resolve()));
  } else {
    handling = await Streams.serve(place, quiet);
    calling = await Streams.invert().connect(other(handling), quiet);
  }
  return {
    handling,
    calling,
    seen: handle(handling),
    async [Symbol.asyncDispose]() {
      await Promise.all([calling.close(), handling.close()]);
      port1.close();
    },
  };
}

/** All items, and the error that came after them. */
export async function all<T>(stream: AsyncIterable<T>): Promise<{ items: T[]; error: unknown }> {
  const items: T[] = [];
  try {
    for await (const item of stream) items.push(item);
  } catch (error) {
    return { items, error };
  }
  return { items, error: undefined };
}

export const upTo = (n: number): number[] => Array.from({ length: n }, (_, at) => at);
