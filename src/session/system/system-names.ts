import type { Codec } from '../../contract/contract.js';

/*
 * The messages of the library itself: notifications whose names begin with `rpc.`, which JSON-RPC reserves, and which one who
 * does not know them ignores. What each holds is written in docs/wire.md.
 */

/** This is Obverse. */
export const HELLO = 'rpc.hello';
/** Headers for the next call, or for an answer. */
export const ABOUT = 'rpc.about';
/** Cancels a call. */
export const CANCEL = 'rpc.cancel';
/** How far a call is. */
export const PROGRESS = 'rpc.progress';
/** Items of a stream. */
export const NEXT = 'rpc.next';
/** So many items more of a stream are taken. */
export const PULL = 'rpc.pull';
/** Asks for a stream that was passed as an argument: a request. */
export const STREAM = 'rpc.stream';

/** What a security says of the next message. */
export const SECINFO = 'rpc.secinfo';

/** Calls what was passed by reference: a request. */
export const CALL = 'rpc.call';
/** A reference is held beyond the call that has brought it. */
export const KEEP = 'rpc.keep';
/** A reference is no longer held. */
export const RELEASE = 'rpc.release';

/** Asks whether the peer is there, or answers. */
export const BEAT = 'rpc.beat';

/** Which calls of the peer are at work. */
export const WORKING = 'rpc.working';

/** Asks for new credentials, brings them, or says that they were refused. */
export const AUTH = 'rpc.auth';

/** Asks for a token back, to the address that its sender claims to have. */
export const PROVE = 'rpc.prove';
/** Releases it. */
export const PROVED = 'rpc.proved';

/** Whether peers of a codec get this notification: those that send hello get all, other peers those that their dialect has. */
export function speaks(codec: Codec, word: string): boolean {
  return codec.hello || codec.words?.includes(word) === true;
}

/** A method in the texts of errors: what was passed by reference has no name that a program knows. */
export function shownAs(method: string): string {
  return method === CALL ? 'a callback' : method === STREAM ? 'a stream that was passed' : method;
}
