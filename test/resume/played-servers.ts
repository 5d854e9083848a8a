import type { Link, Options } from '../../src/index.js';
import { Played, type PlayedLink, turn } from '../support/core-played.js';
import { Log, until } from '../support/core-waiting.js';
import { hello } from './played-visitors.js';
import { atEnd, Desk } from './resuming.js';

/** How many bytes the played side keeps. */
export const BYTES = 1024 * 1024;
export const bye = (again: boolean) => ({ jsonrpc: '2.0', method: 'rpc.bye', params: [again] });

/** A side that dials again and again, and whose peers the test plays. `traits` are those of its links. */
export async function dialing(options: Options = {}, traits: Partial<Link> = {}) {
  const played = new Played();
  const log = new Log();
  const redialer = { hurry() {}, end: () => void events.push('dials no more') };
  const events: string[] = [];
  const told: number[] = [];
  const dial = (more: Partial<Link> = {}): PlayedLink =>
    played.visit('far', { dialed: true, redialer, ...traits, ...more } as Partial<Link>);
  const first = dial();
  const connecting = Desk.invert().connect(played.maker as never, { logger: log, ...options });
  connecting.catch(() => {});
  await until(() => first.heard.length > 0);
  const asked = (link: PlayedLink) => link.heard.find(({ method }) => method === 'rpc.hello')?.params.resume;
  const opened = async () => {
    const client = await connecting;
    atEnd(() => client.close());
    client.told.connect((_sender, { n }) => void told.push(n));
    for (const event of ['connect', 'disconnect', 'resumed'] as const) client.on(event, () => void events.push(event));
    await turn();
    return client;
  };
  /** With a session that has begun. */
  const begun = async () => {
    first.say(hello({ dial: 1, token: 'one', ms: 5_000, bytes: BYTES }));
    return opened();
  };
  return { first, dial, asked, connecting, opened, begun, events, told, log };
}
