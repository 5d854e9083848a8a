import type { Logger } from '../../src/contract/contract.js';

/** A logger that keeps its reports. */
export class Log implements Logger {
  readonly warnings: unknown[][] = [];
  readonly errors: unknown[][] = [];

  warn(...told: unknown[]): void {
    this.warnings.push(told);
  }
  error(...told: unknown[]): void {
    this.errors.push(told);
  }
  /** The texts of the reports about a peer. */
  get texts(): string[] {
    return this.warnings.map(([, what]) => (what instanceof Error ? what.message : String(what)));
  }
}

/**
 * Resolves when the condition holds; fails after fifty seconds, within the time of a test: only a defect takes as long,
 * however busy the machine is.
 */
export async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 50_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** The reason of a rejected promise; fails if it was resolved. */
export async function failure<E = Error>(promise: Promise<unknown>): Promise<E> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) throw new Error('expected a rejection, and the promise was resolved');
  return error as E;
}
