/*
 * A program that serves a call that it never answers. Its argument is the address to serve. It prints its address, and
 * runs until it is killed.
 */
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';

class Slow extends RemoteAPI {
  @incoming({ hasReply: true }) wait(_sender: Sender): Reply<void> {}
  @incoming({ hasReply: true }) ready(_sender: Sender): Reply<void> {}
  @incoming tell(_sender: Sender): void {}
}

const [address = ''] = process.argv.slice(2);
const side = await Slow.serve(address, { logger: null });
side.ready.connect(() => {});
side.wait.connect(() => {
  // Shows the caller that the call has arrived.
  process.stderr.write('waiting\n');
  return new Promise(() => {});
});
process.stderr.write(`${side.address}\n`);
setInterval(() => {}, 60_000);
