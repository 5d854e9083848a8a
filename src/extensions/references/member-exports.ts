import type { Callable, Callee, ExportedReference, Exports, Holder } from './exports.js';

/**
 * The references that a service holds, as one of its members sees them: any member may have the call that has passed one. What a member
 * holds itself is released when it is gone.
 */
export class MemberExports implements Exports {
  /** They are counted with those of the service. */
  readonly size = 0;
  /** How often this member holds each reference. */
  private readonly own = new Map<ExportedReference, number>();

  constructor(private readonly shared: Exports) {}

  hold(target: object, holder: Holder, weight: number, callee: Callee): ExportedReference {
    const exported = this.shared.hold(target, holder === 'peer' ? 'member' : holder, weight, callee);
    if (holder === 'peer') this.count(exported, 1);
    return exported;
  }

  free(exported: ExportedReference, holder: Holder): void {
    if (holder === 'peer') this.count(exported, -1);
    this.shared.free(exported, holder === 'peer' ? 'member' : holder);
  }

  private count(exported: ExportedReference, more: number): void {
    const holds = (this.own.get(exported) ?? 0) + more;
    if (holds > 0) this.own.set(exported, holds);
    else this.own.delete(exported);
  }

  find(id: unknown): ExportedReference | undefined {
    return this.shared.find(id);
  }

  keep(id: unknown): void {
    const exported = this.find(id);
    if (exported === undefined) return;
    exported.holds.member++;
    this.count(exported, 1);
  }

  /** What it does not hold itself may be held by the service: it was passed with a notification, and nobody knows to which member. */
  release(id: unknown): void {
    const exported = this.find(id);
    if (exported !== undefined && this.own.has(exported)) this.free(exported, 'peer');
    else this.shared.release(id);
  }

  at(id: unknown): Callable {
    return this.shared.at(id);
  }

  clear(): void {
    for (const [exported, holds] of this.own) for (let n = 0; n < holds; n++) this.shared.free(exported, 'member');
    this.own.clear();
  }
}
