import { randomBytes } from 'node:crypto';
import type { Parts } from './package.js';

/*
 * What the two ends of a link of Obverse say to each other beside frames: messages of one part, which no codec has. An empty one asks a caller
 * whether it is there, and answers a server; the others have one byte.
 */

/** Is anybody there? ZeroMQ rejects a message to a caller that is gone. */
export const PROBE: Parts = [new Uint8Array(0)];
/**
 * The same for a device and for a REQ socket: to a caller behind it that it does not have, so it drops the message. A REQ socket ends its
 * connection unless the first part has four bytes, those of an id of a request, and the second none.
 */
export const KNOCK: Parts = [randomBytes(4), new Uint8Array(0), new Uint8Array(0)];
/** The sender has ended its link. */
export const END: Parts = [Uint8Array.of(0)];
/** The server takes no more calls. */
export const LEAVING: Parts = [Uint8Array.of(1)];

/** Which control a message is; undefined if it is a frame. */
export function controlIn(part: Uint8Array): Parts | undefined {
  if (part.length > 1) return undefined;
  if (part.length === 0) return PROBE;
  return part[0] === 0 ? END : part[0] === 1 ? LEAVING : undefined;
}

/** A name for a connection, which nobody can guess, and which says that its side is Obverse. */
export function newIdentity(): string {
  return `o-${randomBytes(16).toString('base64url')}`;
}

/** Whether the name of a connection is one of these. */
export function isObverse(identity: string): boolean {
  return identity.length === 24 && identity.startsWith('o-');
}

/** One text for the parts in front of a message: no others have the same, whatever is in them. */
export function keyOf(parts: Parts, count: number): string {
  if (count === 1) return `1:${(parts[0] as Buffer).toString('latin1')}`;
  let key = `${count}`;
  for (let n = 0; n < count; n++) key += `:${parts[n]?.length}:${(parts[n] as Buffer).toString('latin1')}`;
  return key;
}
