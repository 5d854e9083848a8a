import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from '../../src/index.js';

/** What is called over queues in tests. */
export class Work extends RemoteAPI {
  @incoming({ hasReply: true }) add(_sender: Sender, _args: { a: number; b: number }): Reply<number> {}
  @incoming({ hasReply: true }) other(_sender: Sender): Reply<number> {}
  @incoming({ hasReply: true }) ask(_sender: Sender): Reply<string> {}
  @incoming job(_sender: Sender, _args: { n: number }): void {}
  @outgoing({ hasReply: true }) name(_to: Receivers): Reply<string> {}
}
