import 'obverse/all';
import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, registerTransport, type Sender } from 'obverse';
import nats from 'obverse/transports/nats';

/* What a test calls in a page: `talk.run(url)`. */

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) add(_sender: Sender, _args: { a: number; b: number }): Reply<number> {}
  @incoming({ hasReply: true }) meet(_sender: Sender): Reply<string> {}
  @outgoing({ hasReply: true }) name(_receivers: Receivers): Reply<string> {}
}

registerTransport('nats+ws', nats);
registerTransport('nats+wss', nats);

async function run(url: string): Promise<unknown> {
  const desk = await Desk.invert().connect(url, { logger: null });
  desk.name.connect(() => 'a page');
  const sum = await desk.add(null, { a: 2, b: 40 });
  const met = await desk.meet(null);
  await desk.close();
  const nobody = await Desk.invert().connect(`${url}.nobody`, { logger: null });
  const error = await nobody.meet(null).catch((thrown: unknown) => String(thrown));
  await nobody.close();
  return { sum, met, error };
}

(globalThis as { talk?: unknown }).talk = { run };
