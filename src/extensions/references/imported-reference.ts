import type { Diagnostics } from '../../api/diagnostics.js';
import { type RpcError, UsageError } from '../../contract/errors.js';
import type { Items } from '../../types/method.js';
import { weightOf } from './members.js';

/** What the methods of something that was passed are; undefined for a function. */
export interface Shape {
  readonly members: readonly string[] | undefined;
  readonly streams: readonly string[];
}

/** Calls what a peer has passed to us. Never throws. */
export interface Caller {
  call(imported: ImportedReference, member: string | null, args: readonly unknown[]): Promise<unknown>;
  /** It was called first after the call that has brought it had ended, which whoever does not await it would not notice. */
  calledLate(error: Error): void;
  /** If errors are to show the line of the call. */
  readonly callSites: Diagnostics['callSites'];
  /** The same as `call`, where the answer is a stream: what goes wrong is told by the first `next()`. */
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
  /** The call that has brought it has ended, and nobody has called it since. */
  expired = false;
  /** How many of the peer's calls that are at work have brought it. */
  scopes = 0;
  /** It has come as a result, and is held until somebody releases it. */
  result = false;
  /** How many have kept it, and hold it still. */
  keeps = 0;
  /** Grows when all of them are told that they hold it no more. */
  epoch = 0;
  /** Why it can be called no more, or what has ended the link; undefined as long as it can. */
  over: string | RpcError | undefined;
  /** How many calls of it are open: it is not dropped meanwhile. */
  private open = 0;
  /** What stands for it here. Weak, for what nobody here holds any more is released. */
  stub: WeakRef<object> | undefined;

  constructor(
    readonly table: HoldingTable,
    readonly id: number,
    readonly shape: Shape,
  ) {}

  /** How much of the limit it takes. */
  get weight(): number {
    return weightOf(this.shape.members?.length);
  }

  /** Held beyond the calls that have brought it. The peer knows of this as one hold. */
  get kept(): boolean {
    return this.result || this.keeps > 0;
  }

  /** Nobody here can call it, and no call of it is open. */
  get isLost(): boolean {
    return this.open === 0 && this.stub?.deref() === undefined;
  }

  /** Calls it. Rejects with a UsageError that says when it was released, or with what has ended the link. */
  call(member: string | null, args: readonly unknown[]): Promise<unknown> {
    const failure = this.failure();
    if (failure !== undefined) {
      if (this.expired) this.table.caller.calledLate(failure);
      this.expired = false;
      const failed = Promise.reject(failure);
      // A callback whose type says void is not awaited: what becomes of it must not end the process.
      failed.catch(() => {});
      return failed;
    }
    this.open++;
    const answer = this.table.caller.call(this, member, args);
    const ended = (): void => {
      this.open--;
      this.table.drop(this);
    };
    answer.then(ended, ended);
    return answer;
  }

  /** The same for a method whose answer is a stream. Never throws: what goes wrong is told by the first `next()`. */
  stream(member: string, args: readonly unknown[]): Items<unknown> {
    return this.table.caller.stream(this, member, args);
  }

  /** Why it cannot be called, if it cannot. */
  failure(): Error | undefined {
    const { over } = this;
    return typeof over === 'string' ? new UsageError(`the reference can be called no more: ${over}`) : over;
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
