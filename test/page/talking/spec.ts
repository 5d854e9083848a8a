import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Stream } from 'obverse';

/** What a page and its server say to each other. */
export class Post extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<number> {}
  /** Is answered when the server releases it. */
  @incoming({ hasReply: true }) hold(_sender: Sender, _args: { n: number }): Reply<number> {}
  @incoming({ hasReply: true, idempotent: true }) price(_sender: Sender, _args: { n: number }): Reply<number> {}
  @incoming({ hasReply: true }) each(
    _sender: Sender,
    _args: { to: number; say: (n: number) => Promise<number> },
  ): Reply<number> {}
  @incoming({ stream: true }) count(_sender: Sender, _args: { to: number }): Stream<number> {}
  @incoming note(_sender: Sender, _args: { n: number }): void {}
  @outgoing({ hasReply: true }) confirm(_receivers: Receivers, _args: { n: number }): Reply<number> {}
  @outgoing({ stream: true }) feed(_receivers: Receivers, _args: { to: number }): Stream<number> {}
  @outgoing told(_receivers: Receivers, _args: { n: number }): void {}
}

/** How a call of the page has settled. */
export interface Settled {
  readonly value?: unknown;
  readonly error?: string;
  readonly name?: string;
  readonly maybeExecuted?: boolean | undefined;
}

/** What the page has seen. */
export interface PageState {
  readonly events: readonly string[];
  /** How long the page waits before each attempt, in milliseconds, and why. */
  readonly waits: readonly { readonly ms: number; readonly reason: string }[];
  /** By the names of the calls, each time that one has settled. */
  readonly settled: Readonly<Record<string, readonly Settled[]>>;
  /** The items of streams, by the names of the calls. */
  readonly items: Readonly<Record<string, readonly number[]>>;
  readonly told: readonly number[];
  /** How often a handler of the page ran, by its argument. */
  readonly ran: Readonly<Record<string, number>>;
  readonly said: readonly number[];
  /** The signals of handlers that have aborted. */
  readonly aborted: readonly number[];
  readonly online: boolean;
  readonly visibility: string;
  readonly isAway: boolean | undefined;
}
