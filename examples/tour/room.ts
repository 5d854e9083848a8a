import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';

/** A room with visitors. The process that serves the room and the one that visits it both import this class. */
export class Room extends RemoteAPI {
  /** Enter. The room asks for your colour, and returns who is there. */
  @incoming({ hasReply: true }) join(_sender: Sender, _args: { name: string }): Reply<string[]> {}
  /** Say something to everybody. */
  @incoming say(_sender: Sender, _args: { text: string }): void {}
  /** Give something back. Fails for what is not yours. */
  @incoming({ hasReply: true }) giveBack(_sender: Sender, _args: { thing: string }): Reply<void> {}
  /** Add two numbers. */
  @incoming({ hasReply: true, params: ['a', 'b'] }) add(_sender: Sender, _a: number, _b: number): Reply<number> {}

  /** The room asks a visitor for a colour. */
  @outgoing({ hasReply: true }) colour(_receivers: Receivers, _args: { of: string }): Reply<string> {}
  /** Somebody has said something. */
  @outgoing said(_receivers: Receivers, _args: { name: string; text: string }): void {}
}
