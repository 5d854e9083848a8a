import type { RpcError } from '../contract/errors.js';
import type { Connection } from './connection.js';

/** What an extension keeps for one session. */
export interface SessionPart {
  /** How many bytes wait here to be sent. */
  readonly bytes?: number;
  /** What the link had buffered has left. */
  drained?(): void;
  /** Looks at its time, and returns when to look again; `Infinity` if there is no need. */
  due?(now: number): number;
  /** The session continues over another connection. */
  attached?(connection: Connection): void;
  /** The session is about to end without an error: send now what is still held back. */
  closing?(): void;
  /**
   * The session ends for this reason: what waits to be sent, and who waits for replies, is still there. `isClosedHere`: this side has closed
   * it without an error.
   */
  ending?(reason: RpcError, isClosedHere: boolean): void;
  /** The session has ended. */
  ended?(): void;
}

/** What extensions keep for one session. Made with the first of them; they are called in the order in which they were added. */
export class SessionParts {
  private all: readonly SessionPart[] = [];

  add(part: SessionPart): void {
    this.all = [...this.all, part];
  }

  remove(part: SessionPart): void {
    this.all = this.all.filter((other) => other !== part);
  }

  /** How many bytes wait in all of them. */
  get bytes(): number {
    let bytes = 0;
    for (const part of this.all) bytes += part.bytes ?? 0;
    return bytes;
  }

  drained(): void {
    for (const part of this.all) part.drained?.();
  }

  /** When to look again; `Infinity` if there is no need. */
  due(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const part of this.all) next = Math.min(next, part.due?.(now) ?? Number.POSITIVE_INFINITY);
    return next;
  }

  attached(connection: Connection): void {
    for (const part of this.all) part.attached?.(connection);
  }

  closing(): void {
    for (const part of this.all) part.closing?.();
  }

  ending(reason: RpcError, isClosedHere: boolean): void {
    for (const part of this.all) part.ending?.(reason, isClosedHere);
  }

  ended(): void {
    const { all } = this;
    this.all = [];
    for (const part of all) part.ended?.();
  }
}
