import type { Frame } from '../../src/contract/contract.js';

const hasBuffer = typeof Buffer !== 'undefined';

/** Joins frames. Values delimit themselves, so frames one after the other are a frame too. */
export function join(frames: readonly Frame[]): Uint8Array {
  const parts = frames as readonly Uint8Array[];
  if (parts.length === 1) return parts[0]!;
  if (hasBuffer) return Buffer.concat(parts);
  let size = 0;
  for (const part of parts) size += part.length;
  const joined = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
