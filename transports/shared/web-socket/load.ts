import { packageError } from '../../../src/contract/optional-package.js';
import { LINGER_MS } from './ends.js';

/** The package `ws`. */
export type Package = typeof import('ws');

/** The package `ws`. Rejects with a UsageError if it cannot be loaded. */
export async function loadPackage(): Promise<Package> {
  try {
    return await import('ws');
  } catch (cause) {
    throw packageError('the transport ws:', 'ws', 'npm install ws', cause);
  }
}

/** The options of the package at both ends. */
export function socketOptions(frameBytes: number) {
  return {
    // The package keeps the limit as a 32-bit integer, and treats 0 as none.
    maxPayload: Math.min(Math.max(1, Math.floor(frameBytes)), 2 ** 31 - 1),
    perMessageDeflate: false,
    // How long a peer may keep the connection after its close frame.
    closeTimeout: LINGER_MS,
  };
}
