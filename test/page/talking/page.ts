import 'obverse/references';
import { type Options, registerCodec } from 'obverse';
import msgpack from 'obverse/codecs/msgpack';
import { type StoppedClock, stopClock } from '../../../src/testing/clock.js';
import { type PageState, Post, type Settled } from './spec.js';

/* What a test calls in a page, by its name: `talk.connect(…)`. */

interface Scope {
  readonly navigator: { readonly onLine: boolean };
  readonly document: { readonly visibilityState: string };
  addEventListener(event: string, listener: (event: { readonly persisted?: boolean }) => void): void;
}
const scope = globalThis as unknown as Scope;

registerCodec('msgpack', msgpack);

const dial = (url: string, options: Options) => Post.invert().connect(url, options);
let side: Awaited<ReturnType<typeof dial>>;

const events: string[] = [];
const waits: { ms: number; reason: string }[] = [];
const settled: Record<string, Settled[]> = {};
const items: Record<string, number[]> = {};
let clock: StoppedClock | undefined;
const told: number[] = [];
const said: number[] = [];
const ran: Record<string, number> = {};
const aborted: number[] = [];

scope.addEventListener('pageshow', ({ persisted }) => void (persisted && events.push('shown again')));

function settle(name: string, result: Settled): void {
  settled[name] ??= [];
  settled[name].push(result);
}

async function follow(name: string, call: Promise<unknown>): Promise<void> {
  try {
    settle(name, { value: await call });
  } catch (thrown) {
    const { message, name: kind, maybeExecuted } = thrown as Error & { maybeExecuted?: boolean };
    settle(name, { error: message, name: kind, maybeExecuted });
  }
}

/** Connects, with the events that were added before. `begins`: with a `begin` that makes the call 0. */
async function connect(url: string, options: Options, begins: boolean): Promise<string> {
  const { reconnect } = options;
  const begin = async (remote: { ask(args: { n: number }): Promise<number> }): Promise<void> => {
    events.push('begin');
    await remote.ask({ n: 0 });
  };
  const given = begins ? { ...(reconnect === true ? {} : (reconnect as object)), begin } : reconnect;
  const made = Post.invert().create({ transport: url, logger: null, ...options, reconnect: given } as never);
  side = made as never;
  made.confirm.connect((sender: { signal: AbortSignal }, { n }: { n: number }) => {
    ran[n] = (ran[n] ?? 0) + 1;
    if (n < 1_000) return n * 3;
    return new Promise((_resolve, reject) => {
      sender.signal.addEventListener('abort', () => {
        aborted.push(n);
        reject(new Error('aborted'));
      });
    });
  });
  made.feed.connect(async function* (_sender: unknown, { to }: { to: number }) {
    for (let n = 1; n <= to; n++) {
      yield n;
      if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  });
  made.told.connect((_sender: unknown, { n }: { n: number }) => void told.push(n));
  for (const event of ['connect', 'disconnect'] as const) side.on(event, () => void events.push(event));
  try {
    await made.open();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  if (reconnect !== undefined || url.startsWith('reconnect')) {
    side.on('reconnecting', (_peer, { attempt, ms, reason }) => {
      events.push(`reconnecting ${attempt}`);
      waits.push({ ms, reason: reason.message });
    });
    side.on('reconnected', () => void events.push('reconnected'));
    side.on('lost', () => void events.push('lost'));
    side.on('resumed', () => void events.push('resumed'));
  }
  return 'open';
}

const talk = {
  connect,
  close(): Promise<void> | undefined {
    clock?.restore();
    return side?.close();
  },
  stats: () => side.stats(),
  /** Starts calls with these arguments; their names are `method n`. */
  start(method: 'ask' | 'hold' | 'price', ...all: number[]): void {
    for (const n of all) void follow(`${method} ${n}`, side.remote[method]({ n }));
  },
  note(...all: number[]): void {
    for (const n of all) side.note(null, { n });
  },
  each(to: number): void {
    const say = async (n: number): Promise<number> => {
      said.push(n);
      return n;
    };
    void follow(`each ${to}`, side.remote.each({ to, say }));
  },
  count(to: number): void {
    const name = `count ${to}`;
    const got: number[] = [];
    items[name] = got;
    const read = async (): Promise<number> => {
      for await (const n of side.remote.count({ to })) got.push(n);
      return got.length;
    };
    void follow(name, read());
  },
  reconnect: () => side.reconnect(),
  state: (): PageState => ({
    events,
    waits,
    settled,
    items,
    told,
    said,
    ran,
    aborted,
    online: scope.navigator.onLine,
    visibility: scope.document.visibilityState,
    isAway: [...(side?.peers.values() ?? [])][0]?.isAway,
  }),
  /** Stops the clock of the library in the page. */
  stopClock(): void {
    clock = stopClock();
  },
  turnClock: (ms: number) => clock?.turn(ms),
  /** The files that the page has loaded, by what they are named after. */
  loaded: (): string[] =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => /([\w-]+?)(?:-[A-Z\d]{8})?\.js$/.exec(name)?.[1] ?? '')
      .sort(),
};
export type Talk = typeof talk;
Object.assign(globalThis, { talk });
