import { networkInterfaces } from 'node:os';
import { time } from '../../src/base/time.js';

/** How long, in milliseconds, the list of this machine's addresses is cached. */
const KNOWN_MS = 1_000;
let local = new Set<string>();
let knownSince = Number.NEGATIVE_INFINITY;

/** Whether an address belongs to this machine. */
export function isLocal(host: string): boolean {
  const bare = host.replace(/%.*$/, '');
  if (local.has(bare)) return true;
  if (time() - knownSince < KNOWN_MS) return false;
  knownSince = time();
  const interfaces = Object.values(networkInterfaces());
  local = new Set(interfaces.flatMap((addresses = []) => addresses.map(({ address }) => address)));
  return local.has(bare);
}
