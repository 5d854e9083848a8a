import { incoming, RemoteAPI, type Reply, type Sender } from 'obverse';

/** What one worker of the pool does. */
export class Primes extends RemoteAPI {
  /** How many primes there are from `from` on, below `to`. Tells how many numbers it has looked at. */
  @incoming({ hasReply: true }) count(
    _sender: Sender<number>,
    _args: { from: number; to: number },
  ): Reply<number, number> {}
}
