import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';

/** What the workers of queues do in benchmarks. */
export class Tasks extends RemoteAPI {
  @incoming job(_sender: Sender, _args: { n: number }): void {}
  @incoming({ hasReply: true }) add(_sender: Sender, _args: { a: number; b: number }): Reply<number> {}
}
