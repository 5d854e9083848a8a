import { incoming, RemoteAPI, type Reply, type Sender, type Stream } from 'obverse';

/** The files of another machine, to copy in both directions. */
export class Files extends RemoteAPI {
  /** The size of a file in bytes. */
  @incoming({ hasReply: true }) size(_sender: Sender, _args: { name: string }): Reply<number> {}
  /** The contents of a file. */
  @incoming({ stream: true }) read(_sender: Sender, _args: { name: string }): Stream<Uint8Array> {}
  /** Writes a file, and returns its size in bytes. */
  @incoming({ hasReply: true }) write(
    _sender: Sender,
    _args: { name: string; content: AsyncIterable<Uint8Array> },
  ): Reply<number> {}
}
