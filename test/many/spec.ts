import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from '../../src/index.js';

/** A server that calls and notifies its clients; they join groups with `enter`. */
export class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) enter(_sender: Sender, _args: { room: string }): Reply<number> {}
  @outgoing({ hasReply: true }) ask(_to: Receivers, _args: { n?: unknown }): Reply<unknown> {}
  @outgoing tick(_to: Receivers, _args: { n: unknown; text?: string }): void {}
}
