import {
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  RpcError,
  type Sender,
  type Side,
  type Stream,
} from '../../src/index.js';

/** A chat room: one class for all transports. */
export class Chat extends RemoteAPI {
  @incoming({ hasReply: true }) join(_sender: Sender, _args: { name: string }): Reply<string> {}
  @incoming say(_sender: Sender, _args: { text: string }): void {}
  @incoming({ hasReply: true }) lines(_sender: Sender): Reply<string[]> {}
  @incoming({ stream: true }) count(_sender: Sender, _args: { to: number }): Stream<number> {}
  @incoming({ hasReply: true }) load(_sender: Sender<number>, _args: { parts: number }): Reply<string, number> {}
  @incoming({ hasReply: true }) leave(_sender: Sender): Reply<string> {}
  @incoming({ hasReply: true }) each(
    _sender: Sender,
    _args: { call: (text: string) => Promise<string> },
  ): Reply<string> {}
  @incoming({ hasReply: true }) wait(_sender: Sender): Reply<void> {}
  @outgoing said(_to: Receivers, _args: { text: string }): void {}
  @outgoing({ hasReply: true }) confirm(_to: Receivers, _args: { question: string }): Reply<boolean> {}
}

/** What the server has seen, besides the lines. */
export interface Seen {
  readonly lines: string[];
  /** The calls of `wait` that have begun, and how they were cancelled. */
  readonly waiting: string[];
}

/** Serves the room. Nothing in here depends on the transport. */
export function serveChat(side: Side<Chat>): Seen {
  const seen: Seen = { lines: [], waiting: [] };
  side.implement({
    join: (sender, { name }) => {
      if (name === '') throw new RpcError('a name, please', 4_000, { field: 'name' });
      return `welcome ${name}, ${String(sender.metadata.language ?? 'en')}`;
    },
    say: (_sender, { text }) => {
      seen.lines.push(text);
      side.said(null, { text });
    },
    lines: () => seen.lines,
    count: async function* (_sender, { to }) {
      for (let n = 1; n <= to; n++) yield n;
    },
    load: async (sender, { parts }) => {
      for (let n = 1; n <= parts; n++) sender.progress(n);
      return `${parts} loaded`;
    },
    leave: async (sender) => ((await side.confirm(sender, { question: 'sure?' })) ? 'bye' : 'stay'),
    each: async (_sender, { call }) => call('from the server'),
    wait: (sender) =>
      new Promise((_resolve, reject) => {
        seen.waiting.push('begun');
        sender.signal.addEventListener('abort', () => {
          seen.waiting.push('cancelled');
          reject(new Error('cancelled'));
        });
      }),
  });
  return seen;
}
