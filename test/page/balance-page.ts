import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';

/* What a test calls in a page that balances its calls over two servers: `talk.connect(url)`, `talk.names(count)`, `talk.meet()`. */

class Desk extends RemoteAPI {
  @incoming({ hasReply: true, idempotent: true }) who(_sender: Sender): Reply<string> {}
  @incoming({ hasReply: true, idempotent: true }) meet(_sender: Sender): Reply<string> {}
  @outgoing({ hasReply: true }) name(_receivers: Receivers): Reply<string> {}
}

const dial = (url: string) => Desk.invert().connect(url, { logger: null });
let desk: Awaited<ReturnType<typeof dial>>;

async function connect(url: string): Promise<string[]> {
  desk = await dial(url);
  desk.name.connect(() => 'a page');
  return [...desk.peers.keys()];
}

async function names(count: number): Promise<string[]> {
  const found: string[] = [];
  for (let n = 0; n < count; n++) found.push(await desk.remote.who());
  return [...new Set(found)].sort();
}

(globalThis as { talk?: unknown }).talk = { connect, names, meet: () => desk.remote.meet() };
