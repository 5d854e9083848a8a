import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';

/** What is called in the benchmark of ZeroMQ. */
export class Sums extends RemoteAPI {
  @incoming({ hasReply: true }) add(sender: Sender, args: { a: number; b: number }): Reply<number> {}
  @incoming note(sender: Sender, args: { n: number }): void {}
}

/** How many notifications are one measurement of a pipeline: the worker reports the last one of them. */
export const NOTES = 1_000;
