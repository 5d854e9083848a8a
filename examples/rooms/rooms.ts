import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';

/** A chat with rooms, as the server sees it. */
export class Rooms extends RemoteAPI {
  /** Enter a room, and leave the previous one. Returns the names of those who are there. */
  @incoming({ hasReply: true }) enter(_sender: Sender, _args: { room: string; name: string }): Reply<string[]> {}
  /** Say something to the others in the room. */
  @incoming say(_sender: Sender, _args: { text: string }): void {}
  /** Somebody has entered or left. */
  @outgoing changed(_receivers: Receivers, _args: { room: string; names: string[] }): void {}
  /** Somebody else in the room has said something. */
  @outgoing said(_receivers: Receivers, _args: { room: string; from: string; text: string }): void {}
}
