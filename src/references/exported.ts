import { Code, RpcError } from '../errors.js';
import type { CallSender } from '../peer.js';

/** What a peer may call of what was passed to it: carries one call out. */
export type Callee = (member: string | null, args: readonly unknown[], sender: CallSender) => unknown;

/** Something of ours that a peer holds. */
export interface Export {
  readonly id: number;
  /** What was passed; undefined once its owner has revoked it. */
  target: object | undefined;
  readonly callee: Callee;
  /** How many calls that are open, and how many promises to keep it, hold it. */
  holds: number;
}

const everywhere = new WeakMap<object, Set<Export>>();

/**
 * Takes a function or an object back from every peer that it was passed to: from now on their calls of it fail. Calls that are
 * at work go on. What was not passed to anybody is ignored; passed again, it is another reference.
 */
export function revoke(target: object): void {
  for (const exported of everywhere.get(target) ?? []) exported.target = undefined;
  everywhere.delete(target);
}

/** What one peer holds of ours. An id is never used twice, so that who is late meets nothing. */
export class Exports {
  private readonly byId = new Map<number, Export>();
  private readonly byTarget = new Map<object, Export>();
  private last = 0;

  /** `most` is how many a peer may hold. */
  constructor(
    private readonly most: number,
    private readonly peer: string,
  ) {}

  get size(): number {
    return this.byId.size;
  }

  /** Holds a target once more. Throws an RpcError, busy, if the peer holds too many already. */
  hold(target: object, callee: () => Callee): Export {
    const known = this.byTarget.get(target);
    if (known !== undefined && known.target !== undefined) {
      known.holds++;
      return known;
    }
    if (this.byId.size >= this.most) {
      const text = `${this.peer} holds ${this.byId.size} references already, and the limit "references" allows no more`;
      throw new RpcError(text, Code.Busy);
    }
    const exported: Export = { id: ++this.last, target, callee: callee(), holds: 1 };
    this.byId.set(exported.id, exported);
    this.byTarget.set(target, exported);
    const all = everywhere.get(target);
    if (all === undefined) everywhere.set(target, new Set([exported]));
    else all.add(exported);
    return exported;
  }

  /** Held once more by the peer itself. What is no longer there is ignored: the peer has not heard of it yet. */
  keep(id: unknown): void {
    const exported = this.byId.get(id as number);
    if (exported !== undefined) exported.holds++;
  }

  /** Held once less; freed with the last. */
  release(id: unknown): void {
    const exported = this.byId.get(id as number);
    if (exported === undefined || --exported.holds > 0) return;
    this.byId.delete(exported.id);
    const { target } = exported;
    if (target === undefined) return;
    if (this.byTarget.get(target) === exported) this.byTarget.delete(target);
    everywhere.get(target)?.delete(exported);
  }

  /** What was passed under this id. Throws an RpcError if it is there no more. */
  at(id: unknown): Export & { readonly target: object } {
    const exported = this.byId.get(id as number);
    if (exported?.target === undefined) {
      const why = exported === undefined ? 'was released' : 'was revoked by its owner';
      throw new RpcError(`the reference ${JSON.stringify(id)} ${why}`, Code.MethodNotFound);
    }
    return exported as Export & { readonly target: object };
  }

  /** The link has ended. */
  clear(): void {
    for (const exported of this.byId.values()) {
      if (exported.target !== undefined) everywhere.get(exported.target)?.delete(exported);
    }
    this.byId.clear();
    this.byTarget.clear();
  }
}

/** A function that was passed: it has no members. */
export function calleeOf(target: (...args: unknown[]) => unknown): Callee {
  return (member, args) => {
    if (member !== null) throw notThere(member);
    return target(...args);
  };
}

/** An object that was passed: these methods of it may be called, and nothing else. */
export function methodsCallee(target: object, methods: readonly string[]): Callee {
  return (member, args) => {
    if (member === null || !methods.includes(member)) throw notThere(member);
    const method = (target as Record<string, unknown>)[member];
    if (typeof method !== 'function') throw notThere(member);
    return method.apply(target, args as unknown[]) as unknown;
  };
}

/** The error for what a reference has not. */
export function notThere(member: string | null): RpcError {
  const what = member === null ? 'is no function' : `has no method ${JSON.stringify(member)} that may be called`;
  return new RpcError(`the reference ${what}`, Code.MethodNotFound);
}
