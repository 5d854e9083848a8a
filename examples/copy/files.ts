import { incoming, RemoteAPI, type Reply, type Sender, type Stream } from 'obverse';

/** Files of another machine, which are copied in both directions. */
export class Files extends RemoteAPI {
  /** How many bytes a file has. */
  @incoming({ hasReply: true }) size(_sender: Sender, _args: { name: string }): Reply<number> {}
  /** What is in a file. */
  @incoming({ stream: true }) read(_sender: Sender, _args: { name: string }): Stream<Uint8Array> {}
  /** Puts a file there, and answers with how many bytes it has. */
  @incoming({ hasReply: true }) write(
    _sender: Sender,
    _args: { name: string; content: AsyncIterable<Uint8Array> },
  ): Reply<number> {}
}
