import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';

/** What the programs of this folder serve over sockets that they open themselves. */
export class Talk extends RemoteAPI {
  @incoming({ hasReply: true }) twice(_sender: Sender, _args: { n: number }): Reply<number> {}
  @incoming({ hasReply: true }) size(_sender: Sender, _args: { text: string }): Reply<number> {}
  @incoming({ hasReply: true }) path(_sender: Sender): Reply<string> {}
  @outgoing told(_receivers: Receivers, _args: { n: number }): void {}
}
