import { quote } from '../../base/quote.js';
import { Code, ProtocolError, RpcError } from '../../contract/errors.js';
import type { CallSender } from '../../session/peer.js';

/** What a peer may call of what was passed to it: carries one call out. */
export type Callee = (member: string | null, args: readonly unknown[], sender: CallSender) => unknown;

/**
 * Who holds what was passed: a `call` of ours that is open, or a call of the peer's that waits for its turn; and the `peer`, which
 * says itself when it does no more. They are counted apart, so that a peer that releases too much frees nothing but its own.
 */
export type Holder = 'call' | 'peer';

/** Something of ours that a peer holds. */
export interface ExportedReference {
  readonly table: ExportTable;
  readonly id: number;
  /** What was passed; undefined once its owner has revoked it. */
  target: object | undefined;
  /** The same. */
  callee: Callee | undefined;
  /** How much of the limit it takes. */
  readonly weight: number;
  /** How often it is held, by whom. */
  readonly holds: { call: number; peer: number };
}

/** What was passed and can be called. */
export interface Callable extends ExportedReference {
  readonly target: object;
  readonly callee: Callee;
}

const everywhere = new WeakMap<object, Set<ExportedReference>>();

/** Takes a function or an object back from every peer that it was passed to. */
export function revoke(target: object): void {
  for (const exported of everywhere.get(target) ?? []) exported.table.revoke(exported);
}

/** What one peer holds of ours. An id is never used twice, so that who is late meets nothing. */
export class ExportTable {
  private readonly byId = new Map<number, ExportedReference>();
  private readonly byTarget = new Map<object, ExportedReference>();
  private last = 0;
  private weight = 0;

  /** `most` is how many a peer may hold. */
  constructor(
    private readonly most: number,
    private readonly peer: string,
  ) {}

  get size(): number {
    return this.byId.size;
  }

  /** Holds a target once more. Throws an RpcError, busy, if the peer holds too many already. */
  hold(target: object, holder: Holder, weight: number, callee: Callee): ExportedReference {
    const exported = this.byTarget.get(target) ?? this.add(target, weight, callee);
    exported.holds[holder]++;
    return exported;
  }

  private add(target: object, weight: number, callee: Callee): ExportedReference {
    if (this.weight + weight > this.most) throw this.full();
    const id = ++this.last;
    const exported: ExportedReference = { table: this, id, target, callee, weight, holds: { call: 0, peer: 0 } };
    this.weight += weight;
    this.byId.set(id, exported);
    this.byTarget.set(target, exported);
    note(exported, target);
    return exported;
  }

  private full(): RpcError {
    const text = `${this.peer} holds ${this.byId.size} references already, and the limit "references" allows no more`;
    return new RpcError(text, Code.Busy);
  }

  /** Held once less; freed with the last. */
  free(exported: ExportedReference, holder: Holder): void {
    const { holds, id, weight } = exported;
    holds[holder]--;
    if (holds.call > 0 || holds.peer > 0 || !this.byId.delete(id)) return;
    this.weight -= weight;
    this.revoke(exported);
  }

  /** It can be called no more, and what was passed is forgotten. */
  revoke(exported: ExportedReference): void {
    const { target } = exported;
    if (target === undefined) return;
    exported.target = undefined;
    exported.callee = undefined;
    this.byTarget.delete(target);
    forget(exported, target);
  }

  /** What has this id, whether or not it can be called. */
  find(id: unknown): ExportedReference | undefined {
    return this.byId.get(id as number);
  }

  /** The peer holds it once more. What is no longer there is ignored: the peer has not heard of it yet. */
  keep(id: unknown): void {
    const exported = this.find(id);
    if (exported !== undefined) exported.holds.peer++;
  }

  /** The peer holds it once less. Throws a ProtocolError if it did not hold it. */
  release(id: unknown): void {
    const exported = this.find(id);
    // What the peer has kept too late to be heard is released, too.
    if (exported === undefined) return;
    if (exported.holds.peer === 0)
      throw new ProtocolError(`rpc.release of ${exported.id}, which the peer does not hold`);
    this.free(exported, 'peer');
  }

  /** What was passed under this id. Throws an RpcError, invalid params, if it is there no more. */
  at(id: unknown): Callable {
    const exported = this.find(id);
    if (exported?.callee !== undefined) return exported as Callable;
    const name = typeof id === 'number' ? `the reference ${id}` : 'the reference';
    const why = exported === undefined ? 'is not held: it was released, or never passed' : 'was revoked by its owner';
    throw new RpcError(`${name} ${why}`, Code.InvalidParams);
  }

  /** The link has ended. */
  clear(): void {
    for (const exported of this.byId.values()) this.revoke(exported);
    this.byId.clear();
    this.weight = 0;
  }
}

/** The error for what a reference has not. */
export function notThere(member: string | null): RpcError {
  const what = member === null ? 'is no function' : `has no method ${quote(member)} that may be called`;
  return new RpcError(`the reference ${what}`, Code.MethodNotFound);
}

function note(exported: ExportedReference, target: object): void {
  const all = everywhere.get(target);
  if (all === undefined) everywhere.set(target, new Set([exported]));
  else all.add(exported);
}

function forget(exported: ExportedReference, target: object): void {
  const all = everywhere.get(target);
  all?.delete(exported);
  if (all?.size === 0) everywhere.delete(target);
}
