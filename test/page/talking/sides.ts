import type { Options, Sender } from '../../../src/index.js';
import { type ChaosProxy, chaosProxy } from '../../../src/testing/chaos-proxy.js';
import { type ChromiumPage, openPage } from '../chromium-page.js';
import type { Talk } from './page.js';
import { type PageState, Post } from './spec.js';

const undo: (() => unknown)[] = [];

export function atEnd(job: () => unknown): void {
  undo.push(job);
}

/** For `afterEach`. */
export async function clear(): Promise<void> {
  for (const each of undo.splice(0).reverse()) await each();
}

/** What the server has seen. */
export interface Seen {
  readonly events: string[];
  readonly notes: number[];
  /** How often a call ran, by its method and argument. */
  readonly ran: Map<string, number>;
  /** The calls of `hold` that are open, by their arguments. */
  readonly held: Map<number, { readonly release: () => void; readonly signal: AbortSignal }>;
}

/** A server at an address. */
export async function serve(address: string, options: Options) {
  const server = await Post.serve<Post>(address, { logger: null, ...options });
  atEnd(() => server.close());
  const seen: Seen = { events: [], notes: [], ran: new Map(), held: new Map() };
  const { ran, held } = seen;
  const run = (call: string): void => void ran.set(call, (ran.get(call) ?? 0) + 1);
  server.ask.connect((_sender, { n }) => {
    run(`ask ${n}`);
    return n * 2;
  });
  const wait =
    (method: string) =>
    (sender: Sender, { n }: { n: number }) => {
      run(`${method} ${n}`);
      return new Promise<number>((resolve) => {
        held.set(n, { release: () => resolve(n * 2), signal: sender.signal });
      });
    };
  server.hold.connect(wait('hold'));
  server.price.connect(wait('price'));
  server.each.connect(async (_sender, { to, say }) => {
    run(`each ${to}`);
    let sum = 0;
    for (let n = 1; n <= to; n++) sum += await say(n);
    return sum;
  });
  server.count.connect(async function* (_sender, { to }) {
    run(`count ${to}`);
    for (let n = 1; n <= to; n++) {
      yield n;
      if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  });
  server.note.connect((_sender, { n }) => void seen.notes.push(n));
  for (const event of ['connect', 'disconnect', 'resumed'] as const)
    server.on(event, () => void seen.events.push(event));
  return { server, seen };
}

export type Page = ChromiumPage<Talk>;

export function talkingPage(...options: string[]): Promise<Page> {
  return openPage<Talk>('talking/page.ts', ...options);
}

/** Waits until what the page has seen is so. */
export async function untilPage(
  { talk }: Pick<Page, 'talk'>,
  holds: (state: PageState) => boolean,
): Promise<PageState> {
  const end = performance.now() + 50_000;
  for (;;) {
    const state = await talk.state();
    if (holds(state)) return state;
    if (performance.now() > end) throw new Error(`waited in vain for ${holds}: ${JSON.stringify(state)}`);
  }
}

/** A server, and a proxy between it and pages. */
export async function between(options: Options) {
  const served = await serve('ws://127.0.0.1:0', options);
  const proxy: ChaosProxy = await chaosProxy({ to: served.server.address });
  atEnd(() => proxy.close());
  return { ...served, proxy };
}
