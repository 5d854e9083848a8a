import { quote } from '../../base/quote.js';
import { Code, ProtocolError, RpcError } from '../../contract/errors.js';
import type { CallSender } from '../../session/incoming-calls/call-sender.js';

/** Runs a call of a reference. */
export type Callee = (member: string | null, args: readonly unknown[], sender: CallSender) => unknown;

/**
 * Who holds a reference: a `call` (one of this side that is pending, or one of the peer that is queued), or the `peer`, until it sends
 * `rpc.release`; of a service, also a known `member`. They are counted separately, so that a peer that releases too often frees only its
 * own holds.
 */
export type Holder = 'call' | 'peer' | 'member';

/** A reference of this side that a peer holds. */
export interface ExportedReference {
  readonly table: ExportTable;
  readonly id: number;
  /** What was passed; undefined once it is revoked. */
  target: object | undefined;
  /** Runs its calls; undefined once it is revoked. */
  callee: Callee | undefined;
  /** How much of the limit `references` it uses. */
  readonly weight: number;
  /** The number of holds, by holder. */
  readonly holds: Record<Holder, number>;
}

/** A reference that is not revoked. */
export interface Callable extends ExportedReference {
  readonly target: object;
  readonly callee: Callee;
}

const everywhere = new WeakMap<object, Set<ExportedReference>>();

/** Revokes a function or an object for every peer that it was passed to. */
export function revoke(target: object): void {
  for (const exported of everywhere.get(target) ?? []) exported.table.revoke(exported);
}

/** A table of references as a session uses it. */
export type Exports = Pick<ExportTable, 'size' | 'hold' | 'free' | 'find' | 'keep' | 'release' | 'at' | 'clear'>;

/** The references of this side that one peer holds. An id is never reused, so that late messages find nothing. */
export class ExportTable {
  private readonly byId = new Map<number, ExportedReference>();
  private readonly byTarget = new Map<object, ExportedReference>();
  private last = 0;
  private weight = 0;

  /** `most`: the limit `references`. */
  constructor(
    private readonly most: number,
    private readonly peer: string,
  ) {}

  get size(): number {
    return this.byId.size;
  }

  /** Adds a hold. Throws an RpcError, busy, if the peer holds too many references already. */
  hold(target: object, holder: Holder, weight: number, callee: Callee): ExportedReference {
    const exported = this.byTarget.get(target) ?? this.add(target, weight, callee);
    exported.holds[holder]++;
    return exported;
  }

  private add(target: object, weight: number, callee: Callee): ExportedReference {
    if (this.weight + weight > this.most) throw this.full();
    const id = ++this.last;
    const exported: ExportedReference = {
      table: this,
      id,
      target,
      callee,
      weight,
      holds: { call: 0, peer: 0, member: 0 },
    };
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

  /** Removes a hold, and with the last one the reference. */
  free(exported: ExportedReference, holder: Holder): void {
    const { holds, id, weight } = exported;
    holds[holder]--;
    if (holds.call > 0 || holds.peer > 0 || holds.member > 0 || !this.byId.delete(id)) return;
    this.weight -= weight;
    this.revoke(exported);
  }

  /** It can no longer be called, and the target is forgotten. */
  revoke(exported: ExportedReference): void {
    const { target } = exported;
    if (target === undefined) return;
    exported.target = undefined;
    exported.callee = undefined;
    this.byTarget.delete(target);
    forget(exported, target);
  }

  /** The reference with this id, whether or not it is revoked. */
  find(id: unknown): ExportedReference | undefined {
    return this.byId.get(id as number);
  }

  /** The peer adds a hold. An unknown id is ignored: the peer does not know yet that the reference is gone. */
  keep(id: unknown): void {
    const exported = this.find(id);
    if (exported !== undefined) exported.holds.peer++;
  }

  /** The peer removes a hold. Throws a ProtocolError if it has none. */
  release(id: unknown): void {
    const exported = this.find(id);
    // The peer may have kept it too late, and releases that hold, too.
    if (exported === undefined) return;
    if (exported.holds.peer === 0)
      throw new ProtocolError(`rpc.release of ${exported.id}, which the peer does not hold`);
    this.free(exported, 'peer');
  }

  /** The reference with this id. Throws an RpcError, invalid params, if it was released or revoked. */
  at(id: unknown): Callable {
    const exported = this.find(id);
    if (exported?.callee !== undefined) return exported as Callable;
    const name = typeof id === 'number' ? `the reference ${id}` : 'the reference';
    const why = exported === undefined ? 'is not held: it was released, or never passed' : 'was revoked by its owner';
    throw new RpcError(`${name} ${why}`, Code.InvalidParams);
  }

  /** The session has ended. */
  clear(): void {
    for (const exported of this.byId.values()) this.revoke(exported);
    this.byId.clear();
    this.weight = 0;
  }
}

/** The error for a member that a reference does not have. */
export function noSuchMember(member: string | null): RpcError {
  const what = member === null ? 'is not a function' : `has no method ${quote(member)} that may be called`;
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
