import {
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
} from '../../src/index.js';

/** What is called over NATS. */
export class Work extends RemoteAPI {
  @incoming({ hasReply: true }) add(_sender: Sender, _args: { a: number; b: number }): Reply<number> {}
  @incoming({ hasReply: true }) slow(_sender: Sender, _args: { n: number }): Reply<string> {}
  @incoming({ hasReply: true }) meet(_sender: Sender): Reply<string> {}
  @incoming({ hasReply: true }) each(_sender: Sender, _args: { step: (n: number) => unknown }): Reply<string> {}
  @incoming({ hasReply: true }) sum(_sender: Sender, _args: { of: AsyncIterable<number> }): Reply<number> {}
  @incoming({ hasReply: true }) when(_sender: Sender, _args: { at: bigint }): Reply<bigint> {}
  @incoming({ stream: true }) count(_sender: Sender, _args: { to: number }): Stream<number> {}
  @incoming told(_sender: Sender, _args: { text: string }): void {}
  @outgoing({ hasReply: true }) name(_receivers: Receivers): Reply<string> {}
  @outgoing news(_receivers: Receivers, _args: { text: string }): void {}
}
