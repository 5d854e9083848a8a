import type { Codec, Frame } from '../contract/contract.js';
import { frameWithoutCredentials } from '../contract/hidden-credentials.js';

/** A frame as it is recorded. */
export type Hiding = (frame: Frame) => Frame;

/** The codec with this name in the registry; undefined for one that it does not have. */
export async function codecNamed(name: string): Promise<Codec | undefined> {
  const { codec } = await import('../plugins/registry.js');
  try {
    return await codec(name);
  } catch {
    return undefined;
  }
}

/** Removes credentials from frames. Without a codec that can read them, they stay as they are. */
export function hidingWith(codec: Codec | undefined): Hiding {
  return codec === undefined ? (frame) => frame : (frame) => frameWithoutCredentials(codec, frame);
}
