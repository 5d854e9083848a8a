import { Code, ProtocolError, UsageError } from '../errors.js';

/** Calls what a peer has passed to us. */
export type Invoke = (id: number, member: string | null, args: readonly unknown[]) => Promise<unknown>;

/** Something of a peer's that we hold. */
export class Import {
  /** How many of the peer's calls that are open have brought it. */
  scopes = 0;
  /** Held beyond them, until it is released. */
  kept = false;
  /** Why it can be called no more; undefined as long as it can. */
  over: string | undefined;
  /** How many calls of it are open: it is not dropped meanwhile. */
  private open = 0;
  /** What stands for it here. Weak, for what nobody here holds any more is released. */
  stub: WeakRef<object> | undefined;

  constructor(
    readonly table: Imports,
    readonly id: number,
  ) {}

  get isHeld(): boolean {
    return this.kept || this.scopes > 0;
  }

  /** Nobody here can call it, and no call of it is open. */
  get isLost(): boolean {
    return this.open === 0 && this.stub?.deref() === undefined;
  }

  /** Calls it. Rejects with a UsageError that says when it was released, if it was. */
  call(member: string | null, args: readonly unknown[]): Promise<unknown> {
    if (this.over !== undefined) {
      const text = `the reference can be called no more: ${this.over}`;
      return quiet(Promise.reject(new UsageError(text)));
    }
    this.open++;
    const answer = this.table.invoke(this.id, member, args);
    const ended = (): void => {
      this.open--;
      this.table.drop(this);
    };
    answer.then(ended, ended);
    return answer;
  }
}

/** A callback whose type says void is not awaited: what becomes of it must not end the process. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

const imports = new WeakMap<object, Import>();
const collected = new FinalizationRegistry<Import>((imported) => imported.table.drop(imported));

/** What a value stands for, if it is something that a peer has passed. */
export function importOf(value: unknown): Import | undefined {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' ? imports.get(value) : undefined;
}

/** What we hold of one peer's. */
export class Imports {
  private readonly byId = new Map<number, Import>();

  /** `release` tells the peer that we hold something no more, `most` is how many we hold for it. */
  constructor(
    readonly invoke: Invoke,
    private readonly tell: (word: 'keep' | 'release', id: number) => void,
    private readonly most: number,
    private readonly peer: string,
  ) {}

  get size(): number {
    return this.byId.size;
  }

  /** What has come under this id: the same stub as long as it is held. Throws a ProtocolError for more than may be held. */
  take(id: unknown, makeStub: (imported: Import) => object): { imported: Import; stub: object } {
    if (typeof id !== 'number' || !Number.isInteger(id))
      throw new ProtocolError('a reference has a whole number for an id');
    const known = this.byId.get(id);
    const held = known?.stub?.deref();
    if (known !== undefined && held !== undefined) return { imported: known, stub: held };
    if (known === undefined && this.byId.size >= this.most) {
      const text = `${this.peer} has passed ${this.byId.size} references already, and the limit "references" allows no more`;
      throw new ProtocolError(text, Code.TooLarge);
    }
    const imported = known ?? new Import(this, id);
    const stub = makeStub(imported);
    imported.stub = new WeakRef(stub);
    imports.set(stub, imported);
    collected.register(stub, imported);
    this.byId.set(id, imported);
    return { imported, stub };
  }

  /** Holds it until it is released. */
  keep(imported: Import): void {
    if (imported.over !== undefined) throw new UsageError(`the reference cannot be kept: ${imported.over}`);
    if (imported.kept) return;
    imported.kept = true;
    this.tell('keep', imported.id);
  }

  /** Holds it no more. `where` is where that was said. */
  release(imported: Import, where: string): void {
    if (!imported.kept) return;
    imported.kept = false;
    this.tell('release', imported.id);
    this.letGo(imported, where);
  }

  /** A call that has brought it has ended. `untold`: the peer does not know that by itself. */
  leave(imported: Import, method: string, untold: boolean): void {
    imported.scopes--;
    if (untold) this.tell('release', imported.id);
    this.letGo(imported, `it was passed with ${method}, which has ended, and nobody has kept it: keep(…) does`);
  }

  /** Nobody here holds its stub any more. */
  drop(imported: Import): void {
    if (imported.kept && imported.isLost) this.release(imported, 'it was collected');
  }

  /** The link has ended. */
  clear(why: string): void {
    for (const imported of this.byId.values()) imported.over = why;
    this.byId.clear();
  }

  private letGo(imported: Import, why: string): void {
    if (imported.isHeld) return;
    imported.over = why;
    if (this.byId.get(imported.id) === imported) this.byId.delete(imported.id);
  }
}
