import { setTimeout as sleep } from 'node:timers/promises';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';

/** A server at the address of its argument. It reports on standard error when it can be reached. */
class Slow extends RemoteAPI {
  @incoming({ hasReply: true }) slow(_sender: Sender, _args: { text?: string }): Reply<string> {}
  @incoming({ hasReply: true }) quick(_sender: Sender, _args: { text?: string }): Reply<string> {}
}

const [address = 'stdio:', codec = 'jrpc'] = process.argv.slice(2);
const side = await Slow.serve(address, { codec });
side.slow.connect(async (_sender, args) => {
  await sleep(50);
  return `slow ${args?.text}`;
});
side.quick.connect((_sender, args) => `quick ${args?.text}`);
process.stderr.write(`${side.address}\n`);
