import {
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
} from '../../src/index.js';

export class Feed extends RemoteAPI {
  /** Subscribes the caller to the news. Returns the process id of the server. */
  @incoming({ hasReply: true }) join(_sender: Sender, _args: { name: string }): Reply<number> {}
  @incoming({ hasReply: true }) forever(_sender: Sender): Reply<void> {}
  @incoming({ stream: true }) numbers(_sender: Sender): Stream<number> {}
  @incoming({ hasReply: true }) adder(_sender: Sender, _args: { to: number }): Reply<(n: number) => Promise<number>> {}
  @incoming publish(_sender: Sender, _args: { text: string }): void {}
  @outgoing said(_to: Receivers, _args: { text: string }): void {}
}

/** A server of it, at an address. */
export async function serveFeed(address: string) {
  const feed = await Feed.serve(address, { logger: null });
  feed.join.connect((sender) => {
    feed.group('readers').add(sender);
    return process.pid;
  });
  feed.forever.connect(() => new Promise(() => {}));
  feed.numbers.connect(async function* () {
    yield 1;
    yield 2;
    await new Promise(() => {});
  });
  feed.adder.connect((_sender, { to }) => {
    const add = async (n: number): Promise<number> => to + n;
    return add;
  });
  feed.publish.connect((_sender, { text }) => feed.said(feed.group('readers'), { text }));
  return feed;
}
