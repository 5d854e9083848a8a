import type { Limits } from './contract.js';
import { UsageError } from './errors.js';

/** The bounds that hold where the option `limits` does not say otherwise. */
export const defaultLimits: Limits = Object.freeze({
  frameBytes: 64 * 1024 * 1024,
  depth: 1_000,
  pendingCalls: 65_535,
  queuedCalls: 1_000,
  bufferedBytes: 64 * 1024 * 1024,
  stalledMs: 10_000,
  tickBytes: 64 * 1024,
  badFrames: 10,
  peers: 10_000,
  connectMs: 30_000,
});

/** The defaults with some of them replaced. Throws a UsageError for an unknown bound, or one that is no positive number. */
export function limitsFrom(asked: Partial<Limits> | undefined): Limits {
  if (asked === undefined) return defaultLimits;
  for (const [name, value] of Object.entries(asked)) {
    if (!Object.hasOwn(defaultLimits, name)) {
      throw new UsageError(`unknown limit "${name}"; there are ${Object.keys(defaultLimits).join(', ')}`);
    }
    if (typeof value !== 'number' || !(value > 0)) {
      throw new UsageError(`the limit "${name}" must be a positive number, not ${String(value)}`);
    }
  }
  if ((asked.pendingCalls ?? 0) > defaultLimits.pendingCalls) {
    throw new UsageError(`the limit "pendingCalls" is at most ${defaultLimits.pendingCalls}`);
  }
  return { ...defaultLimits, ...asked };
}
