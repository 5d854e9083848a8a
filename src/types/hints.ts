/**
 * Sentences that compilers print where a method is used on the side that it does not belong to. Nothing here exists at run time.
 * A type whose name stands in the error has one as its last argument; a member that is not meant to be used has one as its `this`.
 */

/** Of what has the outgoing methods. */
export type CallsHint = 'what is outgoing here; invert() swaps the sides';
/** Of what takes handlers of the incoming methods. */
export type HandlersHint = 'what is incoming here; invert() swaps the sides';
/** Of an incoming method, which is not called. */
export type IncomingHint = 'handled here, called on the other side; invert() swaps the sides';
/** Of an outgoing method, which has no handlers. */
export type OutgoingHint = 'this method is called here, and handled on the other side; invert() swaps the sides';
/** Of a method in a view whose `onProgress` takes something else than the method reports. */
export type ProgressHint =
  'onProgress does not take what this method reports: that is the second type of its Reply or Stream';
