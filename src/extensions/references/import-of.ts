import type { Import } from './imports.js';

const imports = new WeakMap<object, Import>();

/** Notes what stands here for something that a peer has passed. */
export function standsFor(stub: object, imported: Import): void {
  imports.set(stub, imported);
}

/** What a value stands for, if it is something that a peer has passed. */
export function importOf(value: unknown): Import | undefined {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' ? imports.get(value) : undefined;
}
