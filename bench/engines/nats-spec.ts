import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';

/** What is called in the benchmark of NATS. */
export class Sums extends RemoteAPI {
  @incoming({ hasReply: true }) add(sender: Sender, args: { a: number; b: number }): Reply<number> {}
}
