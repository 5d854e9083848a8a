import { Code, ProtocolError, type RpcError } from '../../contract/errors.js';
import { addStub, type Caller, type HoldingTable, ImportedReference, type Shape } from './imported-reference.js';

const collected = new FinalizationRegistry<ImportedReference>((imported) => imported.table.drop(imported));

/** The references of one peer that this side holds. */
export class ImportTable implements HoldingTable {
  private readonly byId = new Map<number, ImportedReference>();
  private weight = 0;

  /** `caller` calls references, `send` sends `rpc.keep` or `rpc.release` and returns false if it could not; `most`: the limit `references`. */
  constructor(
    readonly caller: Caller,
    private readonly send: (word: 'keep' | 'release', ids: readonly number[]) => boolean,
    private readonly most: number,
    private readonly peer: string,
  ) {}

  get size(): number {
    return this.byId.size;
  }

  /**
   * Returns the reference with this id, and its stub: the same one while it is held. Adds no hold. Throws a ProtocolError for more
   * references than the limit.
   */
  take(
    id: unknown,
    shape: Shape,
    makeStub: (imported: ImportedReference) => object,
  ): { imported: ImportedReference; stub: object } {
    if (!isReferenceId(id)) throw new ProtocolError('the id of a reference must be a whole number');
    const known = this.byId.get(id);
    const held = known?.stub?.deref();
    if (known !== undefined && held !== undefined) return { imported: known, stub: held };
    const imported = known ?? new ImportedReference(this, id, shape);
    const weight = known === undefined ? imported.weight : 0;
    if (this.weight + weight > this.most) throw this.full();
    const stub = makeStub(imported);
    imported.stub = new WeakRef(stub);
    addStub(stub, imported);
    collected.register(stub, imported);
    this.byId.set(id, imported);
    this.weight += weight;
    return { imported, stub };
  }

  private full(): ProtocolError {
    const text = `${this.peer} has passed ${this.byId.size} references already, and the limit "references" allows no more`;
    return new ProtocolError(text, Code.TooLarge);
  }

  /** A reference has arrived as a result: it is held until it is released. The peer counts each result, this side only one. */
  holdResult(imported: ImportedReference): void {
    if (imported.kept) this.send('release', [imported.id]);
    imported.result = true;
  }

  /** Adds a hold, and returns the epoch for `unkeep`. Throws a UsageError for a reference that can no longer be called. */
  keep(imported: ImportedReference): number {
    const failure = imported.failure();
    if (failure !== undefined) throw failure;
    if (!imported.kept && !this.send('keep', [imported.id]))
      throw new ProtocolError('the reference cannot be kept: rpc.keep could not be sent to its owner', Code.Busy);
    // From now on the hold ends with the last one who has kept it.
    imported.result = false;
    imported.keeps++;
    return imported.epoch;
  }

  /** Removes a hold, unless `release` has removed all since that epoch. `where` returns the line of the call. */
  unkeep(imported: ImportedReference, epoch: number, where: () => string): void {
    if (imported.epoch !== epoch) return;
    if (imported.keeps === 1 && !imported.result) this.release(imported, where);
    else imported.keeps--;
  }

  /** Removes all holds but those of calls that have passed it. `where` returns the line of the call. */
  release(imported: ImportedReference, where: () => string): void {
    if (!imported.kept) return;
    imported.result = false;
    imported.keeps = 0;
    imported.epoch++;
    if (typeof imported.unusable !== 'object') this.send('release', [imported.id]);
    this.forget(imported, where);
  }

  /** A call that has passed these has ended. `mustRelease`: the peer does not know that, and is sent `rpc.release`. */
  callEnded(ended: Iterable<ImportedReference>, method: string, mustRelease: boolean): void {
    const why = (): string => `it was passed with ${method}, which has ended, and was not kept with keep(…)`;
    const ids: number[] = [];
    for (const imported of ended) {
      imported.callCount--;
      ids.push(imported.id);
      imported.expired = this.forget(imported, why);
    }
    if (mustRelease && ids.length > 0) this.send('release', ids);
  }

  /** Releases the references of a message that cannot be read. `mustRelease` as with `callEnded`. */
  giveBack(ids: ReadonlySet<number>, mustRelease: boolean): void {
    for (const id of ids) {
      const imported = this.byId.get(id);
      if (imported !== undefined) this.forget(imported, () => 'the message that has passed it could not be read');
    }
    if (mustRelease && ids.size > 0) this.send('release', [...ids]);
  }

  /** Its stub was collected, or a call of it has ended. */
  drop(imported: ImportedReference): void {
    if (imported.kept && imported.isLost) this.release(imported, () => 'it was collected');
  }

  /** The session has ended. */
  clear(reason: RpcError): void {
    for (const imported of this.byId.values()) imported.unusable = reason;
    this.byId.clear();
    this.weight = 0;
  }

  /** Removes it if nothing holds it. Returns whether it was removed. */
  private forget(imported: ImportedReference, why: () => string): boolean {
    if (imported.kept || imported.callCount > 0 || this.byId.get(imported.id) !== imported) return false;
    imported.unusable = why();
    this.byId.delete(imported.id);
    this.weight -= imported.weight;
    return true;
  }
}

/** Whether a value that has arrived can be the id of a reference. */
export function isReferenceId(id: unknown): id is number {
  return Number.isSafeInteger(id);
}
