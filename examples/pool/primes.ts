import { incoming, RemoteAPI, type Reply, type Sender } from 'obverse';

/** The methods of one worker of the pool. */
export class Primes extends RemoteAPI {
  /** The number of primes from `from` on, below `to`. Its progress is how many numbers it has checked. */
  @incoming({ hasReply: true }) count(
    _sender: Sender<number>,
    _args: { from: number; to: number },
  ): Reply<number, number> {}
}
