import type { Diagnostics } from '../../api/diagnostics.js';
import { type RpcError, UsageError } from '../../contract/errors.js';
import type { Items } from '../../types/method.js';
import { weightOf } from './members.js';

/** The methods of a reference, as its owner has sent them. */
export interface Shape {
  readonly members: readonly string[] | undefined;
  readonly streams: readonly string[];
}

/** Calls references of a peer. Never throws. */
export interface Caller {
  call(imported: ImportedReference, member: string | null, args: readonly unknown[]): Promise<unknown>;
  /** A reference was called after the call that has passed it had ended: reported, since callers often do not await callbacks. */
  calledLate(error: Error): void;
  /** Where errors show the line of the call. */
  readonly callSites: Diagnostics['callSites'];
  /** The same for a reply that is a stream: errors reject the first `next()`. */
  stream(imported: ImportedReference, member: string, args: readonly unknown[]): Items<unknown>;
}

/** The table that a reference is in. */
export interface HoldingTable {
  readonly caller: Caller;
  /** Nothing here holds the stub any more, or no call of it is pending. */
  drop(imported: ImportedReference): void;
  /** Holds it once more, and returns the epoch in which it is held. Throws a UsageError if it can no longer be called. */
  keep(imported: ImportedReference): number;
  /** Ends one hold, unless all of them were ended since that epoch. `where` returns the line of the call that ended it. */
  unkeep(imported: ImportedReference, epoch: number, where: () => string): void;
  /** Ends every hold but those of the calls that have passed it. */
  release(imported: ImportedReference, where: () => string): void;
}

/** A reference of a peer that this side holds. */
export class ImportedReference {
  /** The call that has passed it has ended, and it was not called since. */
  expired = false;
  /** How many active calls of the peer have passed it. */
  callCount = 0;
  /** It has arrived as a result, and is held until it is released. */
  result = false;
  /** How many times it was kept, and not released since. */
  keeps = 0;
  /** Incremented when all of these end at once. */
  epoch = 0;
  /** Why it can no longer be called, or the error that has ended the session; undefined while it can be called. */
  unusable: string | RpcError | undefined;
  /** How many of its calls are pending: it is not dropped meanwhile. */
  private pendingCalls = 0;
  /** Its local stub. Weak: when the stub is collected, the reference is released. */
  stub: WeakRef<object> | undefined;

  constructor(
    readonly table: HoldingTable,
    readonly id: number,
    readonly shape: Shape,
  ) {}

  /** How much of the limit `references` it uses. */
  get weight(): number {
    return weightOf(this.shape.members?.length);
  }

  /** Whether it is held beyond the calls that have passed it. To the peer that is one hold. */
  get kept(): boolean {
    return this.result || this.keeps > 0;
  }

  /** Whether its stub was collected, and no call of it is pending. */
  get isLost(): boolean {
    return this.pendingCalls === 0 && this.stub?.deref() === undefined;
  }

  /** Calls it. Rejects with a UsageError that says when it was released, or with the error that has ended the session. */
  call(member: string | null, args: readonly unknown[]): Promise<unknown> {
    const failure = this.failure();
    if (failure !== undefined) {
      if (this.expired) this.table.caller.calledLate(failure);
      this.expired = false;
      const failed = Promise.reject(failure);
      // A callback of type void is not awaited: its rejection must not end the process.
      failed.catch(() => {});
      return failed;
    }
    this.pendingCalls++;
    const answer = this.table.caller.call(this, member, args);
    const ended = (): void => {
      this.pendingCalls--;
      this.table.drop(this);
    };
    answer.then(ended, ended);
    return answer;
  }

  /** The same for a method whose reply is a stream. Never throws: errors reject the first `next()`. */
  stream(member: string, args: readonly unknown[]): Items<unknown> {
    return this.table.caller.stream(this, member, args);
  }

  /** Why it cannot be called; undefined if it can. */
  failure(): Error | undefined {
    const { unusable } = this;
    return typeof unusable === 'string'
      ? new UsageError(`the reference can no longer be called: ${unusable}`)
      : unusable;
  }
}

const byStub = new WeakMap<object, ImportedReference>();

/** Makes a stub known as the local stand-in of a reference. */
export function addStub(stub: object, imported: ImportedReference): void {
  byStub.set(stub, imported);
}

/** The reference that a value is the stub of; undefined for any other value. */
export function importOf(value: unknown): ImportedReference | undefined {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' ? byStub.get(value) : undefined;
}
