import type { Codec } from '../contract/contract.js';

/*
 * The messages of the library itself: notifications whose names begin with `rpc.`, which JSON-RPC reserves, and which one who
 * does not know them ignores. What each holds is written in docs/wire.md.
 */

/** This is Obverse. */
export const HELLO = 'rpc.hello';
/** What is said of the next call, or of an answer, besides what is in it. */
export const ABOUT = 'rpc.about';
/** A call is given up. */
export const CANCEL = 'rpc.cancel';
/** How far a call is. */
export const PROGRESS = 'rpc.progress';
/** Items of a stream. */
export const NEXT = 'rpc.next';
/** So many items more of a stream are taken. */
export const PULL = 'rpc.pull';
/** Asks for a stream that was passed as an argument: a request. */
export const STREAM = 'rpc.stream';

/** Calls what was passed by reference: a request. */
export const CALL = 'rpc.call';
/** A reference is held beyond the call that has brought it. */
export const KEEP = 'rpc.keep';
/** A reference is held no more. */
export const RELEASE = 'rpc.release';

/** Asks for a token back, to the address that its sender claims to have. */
export const PROVE = 'rpc.prove';
/** Gives it back. */
export const PROVED = 'rpc.proved';

/** Whether a codec's peers are told this: those that say hello may be told everything, strangers what their dialect has words for. */
export function speaks(codec: Codec, word: string): boolean {
  return codec.hello || codec.words?.includes(word) === true;
}
