import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';

/** What either side sends as soon as it is connected. */
export class First extends RemoteAPI {
  @incoming hear(_sender: Sender, _args: { n: number }): void {}
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<number> {}
  /** What the other side has received, and whether it was answered. */
  @incoming({ hasReply: true }) report(_sender: Sender): Reply<{ heard: number[]; answer: unknown }> {}
  @outgoing heard(_to: Receivers, _args: { n: number }): void {}
  @outgoing({ hasReply: true }) asked(_to: Receivers, _args: { n: number }): Reply<number> {}
}
