import type { Diagnostics } from '../../api/diagnostics.js';
import { Code, ProtocolError, type RpcError, UsageError } from '../../contract/errors.js';
import type { Items } from '../../types/method.js';
import { weightOf } from './members.js';

/** What the methods of something that was passed are; undefined for a function. */
export interface Shape {
  readonly members: readonly string[] | undefined;
  readonly streams: readonly string[];
}

/** Calls what a peer has passed to us. Never throws. */
export interface Caller {
  call(imported: Import, member: string | null, args: readonly unknown[]): Promise<unknown>;
  /** It was called first after the call that has brought it had ended, which whoever does not await it would not notice. */
  calledLate(error: Error): void;
  /** If errors are to show the line of the call. */
  readonly callSites: Diagnostics['callSites'];
  /** The same as `call`, where the answer is a stream: what goes wrong is told by the first `next()`. */
  stream(imported: Import, member: string, args: readonly unknown[]): Items<unknown>;
}

/** Something of a peer's that we hold. */
export class Import {
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
    readonly table: Imports,
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

const importsByStub = new WeakMap<object, Import>();

/** What a value stands for; undefined if it is nothing that a peer has passed by reference. */
export function importOf(value: unknown): Import | undefined {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
    ? importsByStub.get(value)
    : undefined;
}

const collected = new FinalizationRegistry<Import>((imported) => imported.table.drop(imported));

/** What we hold of one peer's. */
export class Imports {
  private readonly byId = new Map<number, Import>();
  private weight = 0;

  /** `caller` calls them, `tell` tells the peer what we hold, or hold no more, and gives false if it could not; `most` is how many we hold for it. */
  constructor(
    readonly caller: Caller,
    private readonly tell: (word: 'keep' | 'release', ids: readonly number[]) => boolean,
    private readonly most: number,
    private readonly peer: string,
  ) {}

  get size(): number {
    return this.byId.size;
  }

  /**
   * What has come under this id, not held yet: the same stub as long as it is held. Throws a ProtocolError for more than may be
   * held.
   */
  take(id: unknown, shape: Shape, makeStub: (imported: Import) => object): { imported: Import; stub: object } {
    if (!isReferenceId(id)) throw new ProtocolError('a reference has a whole number for an id');
    const known = this.byId.get(id);
    const held = known?.stub?.deref();
    if (known !== undefined && held !== undefined) return { imported: known, stub: held };
    const imported = known ?? new Import(this, id, shape);
    const weight = known === undefined ? imported.weight : 0;
    if (this.weight + weight > this.most) throw this.full();
    const stub = makeStub(imported);
    imported.stub = new WeakRef(stub);
    importsByStub.set(stub, imported);
    collected.register(stub, imported);
    this.byId.set(id, imported);
    this.weight += weight;
    return { imported, stub };
  }

  private full(): ProtocolError {
    const text = `${this.peer} has passed ${this.byId.size} references already, and the limit "references" allows no more`;
    return new ProtocolError(text, Code.TooLarge);
  }

  /** What has come is a result: held until it is released. The peer counts each time that it was one, this side once. */
  own(imported: Import): void {
    if (imported.kept) this.tell('release', [imported.id]);
    imported.result = true;
  }

  /** Held once more, until that is given up. Gives the number of what it was held in. Throws a UsageError if it is over. */
  keep(imported: Import): number {
    const failure = imported.failure();
    if (failure !== undefined) throw failure;
    if (!imported.kept && !this.tell('keep', [imported.id]))
      throw new ProtocolError('the reference cannot be kept: its owner could not be told', Code.Busy);
    // Whoever keeps a result says when it is of no use any more.
    imported.result = false;
    imported.keeps++;
    return imported.epoch;
  }

  /** One who has kept it holds it no more, unless all were told so since then. `where` is where that was said. */
  unkeep(imported: Import, epoch: number, where: () => string): void {
    if (imported.epoch !== epoch) return;
    if (imported.keeps === 1 && !imported.result) this.release(imported, where);
    else imported.keeps--;
  }

  /** Nobody holds it any more, except the calls that have brought it. `where` is where that was said. */
  release(imported: Import, where: () => string): void {
    if (!imported.kept) return;
    imported.result = false;
    imported.keeps = 0;
    imported.epoch++;
    if (typeof imported.over !== 'object') this.tell('release', [imported.id]);
    this.letGo(imported, where);
  }

  /** A call that has brought these has ended. `untold`: the peer does not know that by itself. */
  leave(ended: Iterable<Import>, method: string, untold: boolean): void {
    const why = (): string => `it was passed with ${method}, which has ended, and nobody has kept it: keep(…) does`;
    const ids: number[] = [];
    for (const imported of ended) {
      imported.scopes--;
      ids.push(imported.id);
      imported.expired = this.letGo(imported, why);
    }
    if (untold && ids.length > 0) this.tell('release', ids);
  }

  /** What has come is given back, for the message that has brought it is of no use. `untold` as with `leave`. */
  giveBack(ids: ReadonlySet<number>, untold: boolean): void {
    for (const id of ids) {
      const imported = this.byId.get(id);
      if (imported !== undefined) this.letGo(imported, () => 'the message that has brought it could not be read');
    }
    if (untold && ids.size > 0) this.tell('release', [...ids]);
  }

  /** Nobody here holds its stub any more. */
  drop(imported: Import): void {
    if (imported.kept && imported.isLost) this.release(imported, () => 'it was collected');
  }

  /** The link has ended. */
  clear(reason: RpcError): void {
    for (const imported of this.byId.values()) imported.over = reason;
    this.byId.clear();
    this.weight = 0;
  }

  /** Returns whether nobody holds it any more. */
  private letGo(imported: Import, why: () => string): boolean {
    if (imported.kept || imported.scopes > 0 || this.byId.get(imported.id) !== imported) return false;
    imported.over = why();
    this.byId.delete(imported.id);
    this.weight -= imported.weight;
    return true;
  }
}

/** Whether something that has come can be the id of a reference. */
export function isReferenceId(id: unknown): id is number {
  return Number.isSafeInteger(id);
}
