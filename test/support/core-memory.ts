/*
 * A server under attack, whose memory is measured from outside. Arguments: the codec, and the limits as JSON. It prints
 * its address, and then its resident memory in bytes whenever it has grown.
 */
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true, allowPositionalArgs: true }) hold(_sender: Sender, _args: unknown): Reply<unknown> {}
  @incoming({ hasReply: true, allowPositionalArgs: true }) take(_sender: Sender, _args: unknown): Reply<unknown> {}
  @incoming({ hasReply: true }) large(_sender: Sender, _args: { size: number }): Reply<string> {}
}

const [url = 'tcp://127.0.0.1:0', codec = 'jrpc', limits = '{}'] = process.argv.slice(2);
const server = await Spec.serve(url, { codec, logger: null, limits: JSON.parse(limits) as object });
const kept = new Set<unknown>();
server.hold.connect(async (sender, args) => {
  // A handler keeps its arguments in memory as long as its call is open.
  kept.add(args);
  await new Promise<void>((resolve) => sender.signal.addEventListener('abort', () => resolve()));
  kept.delete(args);
});
server.take.connect(() => 'taken');
server.large.connect(async (_sender, { size }) => 'x'.repeat(size));
process.send?.({ address: server.address });
process.on('disconnect', () => process.exit());
