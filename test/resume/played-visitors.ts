import type { Link, Options, Peer } from '../../src/index.js';
import { Played, type PlayedLink, turn } from '../support/core-played.js';
import { Log } from '../support/core-waiting.js';
import { atEnd, Desk } from './resuming.js';

export const ack = (got: number, sent: number) => ({ jsonrpc: '2.0', method: 'rpc.ack', params: [got, sent] });
export const hello = (resume: object) => ({
  jsonrpc: '2.0',
  method: 'rpc.hello',
  params: { obverse: 1, codec: 'jrpc', resume: { v: 1, ...resume } },
});
export const ask = (id: number) => ({ jsonrpc: '2.0', id, method: 'ask', params: { n: id } });
export const note = (n: number, text = '') => ({ jsonrpc: '2.0', method: 'note', params: { n, text } });

/** A side that listens, and whose peers the test plays. */
export async function listening(options: Options = {}) {
  const played = new Played();
  const log = new Log();
  const server = await Desk.serve(played.maker as never, { resume: true, logger: log, ...options });
  atEnd(() => server.close());
  const events: string[] = [];
  const notes: number[] = [];
  const reasons: unknown[] = [];
  const held: (() => void)[] = [];
  server.note.connect((_sender, { n }) => void notes.push(n));
  server.ask.connect((sender, { n }) => {
    if (n < 100) return n * 2;
    sender.signal.addEventListener('abort', () => reasons.push(sender.signal.reason));
    return new Promise((resolve) => void held.push(() => resolve(n * 2)));
  });
  for (const event of ['connect', 'disconnect', 'resumed'] as const)
    server.on(event, ({ id }: Peer) => void events.push(`${event} ${id}`));
  await turn();
  await turn();
  /** Says hello over a new link; returns what the field of the answer says. */
  const visit = async (field: object, peer = 'far', traits: Partial<Link> = {}) => {
    const link = played.visit(peer, traits);
    link.say(hello(field));
    await turn();
    const answer = link.heard.find(({ method }) => method === 'rpc.hello')?.params.resume;
    return { link, answer };
  };
  /** A session that has begun. */
  const begun = async (peer = 'far', dial = 1, traits: Partial<Link> = {}) => {
    const { link, answer } = await visit({ dial, bytes: 1024 * 1024 }, peer, traits);
    link.say(ack(0, 0));
    await turn();
    return { link, token: answer.token as string };
  };
  const methods = (link: PlayedLink) => link.heard.map(({ method, result, error }) => method ?? result ?? error);
  return { server, played, events, notes, reasons, held, log, visit, begun, methods };
}

export const cut = async (link: PlayedLink): Promise<void> => {
  link.receiver.closed(new Error('cut'));
  await turn();
};
