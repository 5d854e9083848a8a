/**
 * Sentences that compilers print if a method is used on the wrong side. Nothing here exists at run time. A type whose
 * name is printed in the error has one as its last argument; a member that must not be used has one as its `this`.
 */

/** For the type that has the outgoing methods. */
export type CallsHint = 'only outgoing methods; invert() swaps the sides';
/** For the type that takes handlers of the incoming methods. */
export type HandlersHint = 'only incoming methods; invert() swaps the sides';
/** For an incoming method, which is not called. */
export type IncomingHint = 'handled here, called on the other side; invert() swaps the sides';
/** For an outgoing method, which has no handlers. */
export type OutgoingHint = 'this method is called here, and handled on the other side; invert() swaps the sides';
/** For a method in a view whose `onProgress` takes another type than the method sends. */
export type ProgressHint =
  'onProgress must accept the progress values of this method: the second type argument of its Reply or Stream';
