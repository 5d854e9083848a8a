import type { RpcEndpoint } from '../../api/endpoint.js';
import { messageOf } from '../../base/thrown.js';
import { clearTimer, setTimer } from '../../base/time.js';
import { ConnectionLost } from '../../contract/errors.js';
import { ConnectedPeer } from '../../session/connected-peer.js';
import type { RpcSession } from '../../session/rpc-session.js';
import { EarlyCalls } from './early-calls.js';
import type { HeldCalls } from './held-calls.js';

/** What runs in each session before the calls of others. */
export type Begin = (peer: ConnectedPeer, receiver: ConnectedPeer) => unknown;

/** One run of `begin`: in a new session, while the calls of everybody else wait. */
export class Beginning {
  /** Rejects with what `begin` has failed with, or with the end of its session. */
  readonly done: Promise<void>;
  /** Calls of the peer that come before the side is open. */
  readonly early: EarlyCalls | undefined;
  /** Whether the side is being opened: then it is opened once this has finished. */
  readonly isFirst: boolean;
  private isFinished = false;
  private finish!: () => void;
  private fail!: (reason: unknown) => void;

  constructor(
    private readonly side: RpcEndpoint,
    readonly session: RpcSession,
    private readonly held: HeldCalls,
  ) {
    this.done = new Promise((resolve, reject) => {
      this.finish = resolve;
      this.fail = reject;
    });
    this.done.catch(() => {});
    this.isFirst = side.peerRegistry.state() === 'opening';
    if (!this.isFirst) return;
    const { methods } = side.dispatcher;
    this.early = new EarlyCalls({ hasHandler: (method) => methods.get(method)?.hasHandler === true });
    session.starting = this.early;
  }

  /** The same, for who waits for the link. While the side is being opened, it is opened with the error of `begin` itself. */
  get usable(): Promise<void> {
    const { done, isFirst } = this;
    return isFirst
      ? done
      : done.catch((error: unknown) => {
          throw beginFailed(error);
        });
  }

  /** The state of one that is still running, for the texts of errors; undefined if it has finished. */
  get text(): string | undefined {
    return this.isFinished ? undefined : `begin has not finished${this.hint}`;
  }

  private get hint(): string {
    const { methods } = this.held;
    const [first] = methods;
    if (first === undefined) return '';
    const calls = methods.length === 1 ? 'a call waits' : `${methods.length} calls wait`;
    return `, and ${calls} for it: ${first}. If begin itself makes that call, by side.remote or side.to(…), each waits for the other; in begin, call the methods of its first parameter`;
  }

  /** Calls `begin`, and waits until it has finished: for `limits.connectMs` at most. */
  async run(begin: Begin): Promise<void> {
    const { session, side, done } = this;
    const { connectMs } = side.limits;
    const late = setTimer(connectMs, () =>
      this.fail(new ConnectionLost(`begin has not finished within ${connectMs} ms (limits.connectMs)${this.hint}`)),
    );
    const peer = session.peer as ConnectedPeer;
    try {
      // To this one, calls do not wait.
      Promise.resolve(begin(peer, new ConnectedPeer(new Proxy(session, {}), peer.id))).then(this.finish, this.fail);
      await done;
      this.isFinished = true;
    } catch (error) {
      this.fail(error);
      throw error;
    } finally {
      clearTimer(late);
    }
  }

  /** The session has ended. */
  ended(reason: Error): void {
    this.fail(reason);
  }

  /** The side is open: calls that came early start. */
  opened(): void {
    const { session, early } = this;
    early?.release(() => {
      if (session.starting === early) session.starting = undefined;
    });
  }
}

/** The error with which a session ends whose `begin` has failed. */
export function beginFailed(error: unknown): ConnectionLost {
  return new ConnectionLost(`begin has failed: ${messageOf(error)}`, { cause: error });
}
