import { Code, ProtocolError, type RpcError } from '../../contract/errors.js';
import { addStub, type Caller, type HoldingTable, ImportedReference, type Shape } from './imported-reference.js';

const collected = new FinalizationRegistry<ImportedReference>((imported) => imported.table.drop(imported));

/** What we hold of one peer's. */
export class ImportTable implements HoldingTable {
  private readonly byId = new Map<number, ImportedReference>();
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
  take(
    id: unknown,
    shape: Shape,
    makeStub: (imported: ImportedReference) => object,
  ): { imported: ImportedReference; stub: object } {
    if (!isReferenceId(id)) throw new ProtocolError('a reference has a whole number for an id');
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

  /** What has come is a result: held until it is released. The peer counts each time that it was one, this side once. */
  own(imported: ImportedReference): void {
    if (imported.kept) this.tell('release', [imported.id]);
    imported.result = true;
  }

  /** Held once more, until that is given up. Gives the number of what it was held in. Throws a UsageError if it is over. */
  keep(imported: ImportedReference): number {
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
  unkeep(imported: ImportedReference, epoch: number, where: () => string): void {
    if (imported.epoch !== epoch) return;
    if (imported.keeps === 1 && !imported.result) this.release(imported, where);
    else imported.keeps--;
  }

  /** Nobody holds it any more, except the calls that have brought it. `where` is where that was said. */
  release(imported: ImportedReference, where: () => string): void {
    if (!imported.kept) return;
    imported.result = false;
    imported.keeps = 0;
    imported.epoch++;
    if (typeof imported.over !== 'object') this.tell('release', [imported.id]);
    this.letGo(imported, where);
  }

  /** A call that has brought these has ended. `untold`: the peer does not know that by itself. */
  leave(ended: Iterable<ImportedReference>, method: string, untold: boolean): void {
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
  drop(imported: ImportedReference): void {
    if (imported.kept && imported.isLost) this.release(imported, () => 'it was collected');
  }

  /** The link has ended. */
  clear(reason: RpcError): void {
    for (const imported of this.byId.values()) imported.over = reason;
    this.byId.clear();
    this.weight = 0;
  }

  /** Returns whether nobody holds it any more. */
  private letGo(imported: ImportedReference, why: () => string): boolean {
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
