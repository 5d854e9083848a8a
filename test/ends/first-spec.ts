import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';

/** What either side says as soon as it knows of the other. */
export class First extends RemoteAPI {
  @incoming hear(_sender: Sender, _args: { n: number }): void {}
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<number> {}
  /** What the far side has heard, and whether it was answered. */
  @incoming({ hasReply: true }) report(_sender: Sender): Reply<{ heard: number[]; answer: unknown }> {}
  @outgoing heard(_to: Receivers, _args: { n: number }): void {}
  @outgoing({ hasReply: true }) asked(_to: Receivers, _args: { n: number }): Reply<number> {}
}
