import type { Options, Sender } from '../../../src/index.js';
import { Post } from './spec.js';

/** A stream that is to have so many items does not end. */
export const ENDLESS = 4;

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
export async function serveAt(address: string, options: Options) {
  const server = await Post.serve<Post>(address, { logger: null, ...options });
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
      if (to === ENDLESS && n === ENDLESS) await new Promise(() => {});
      yield n;
      if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  });
  server.note.connect((_sender, { n }) => void seen.notes.push(n));
  for (const event of ['connect', 'disconnect', 'resumed'] as const)
    server.on(event, () => void seen.events.push(event));
  return { server, seen };
}
