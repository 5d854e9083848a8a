import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';

export class Chat extends RemoteAPI {
  /** Enter the room. Returns the number of people in it. */
  @incoming({ hasReply: true }) join(_sender: Sender, _args: { name: string }): Reply<number> {}
  /** Somebody said something. */
  @outgoing said(_receivers: Receivers, _args: { from: string; text: string }): void {}
}
