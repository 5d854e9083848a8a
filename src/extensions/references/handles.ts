import { notInstalled } from '../../api/extension-registry.js';
import type { Inverted, Remote } from '../../types/derived.js';
import type { Side } from '../../types/side.js';

/*
 * What an application does with what was passed by reference. It is carried out where references are; a page that has none has
 * passed nothing, and was passed nothing.
 */

/** What carries out the functions below. */
interface Handles {
  keep(reference: object): Kept;
  release(reference: object, above: (reference: object) => void, there: () => Error): void;
  revoke(target: object): void;
}

/** Undefined until references are installed. */
let handles: Handles | undefined;

/** References are installed: these carry out the functions below. */
export function provideHandles(provided: Handles): void {
  handles = provided;
}

/** Throws a UsageError where references are not installed: `what` needs them. */
function handlesFor(what: string): Handles {
  if (handles === undefined) throw notInstalled('references', what);
  return handles;
}

/** Keeps a reference until it is disposed of: `using kept = keep(callback)`. */
export interface Kept extends Disposable {
  /** Releases it, once. When the last keeper releases it, the reference can no longer be called. */
  release(): void;
}

/**
 * Keeps what a peer has passed with a call, beyond that call: a function, or an object. It is to be called before the call is
 * answered. Each caller of `keep` holds it; it lives until the last of them releases it, or until `release` of the
 * reference itself. What has come as a result is held already, until `release`; kept, until that is released.
 *
 * Throws a UsageError for what is no reference, or was released; what has ended the link, if it has ended.
 */
export function keep(reference: object): Kept {
  return handlesFor('keep()').keep(reference);
}

/**
 * Releases what a peer has passed, a result or what was kept, for all keepers: it can no longer be called, and the peer
 * may forget it. One that is released already is ignored, and so is one that nobody has kept: it lives as long as its call.
 * Throws a UsageError for what is no reference.
 */
export function release(reference: object): void {
  handlesFor('release()').release(reference, release, () => new Error());
}

/**
 * Takes a function or an object back from every peer that it was passed to: from now on their calls of it fail. Calls that are
 * at work go on. What was not passed to anybody is ignored; passed again, it is another reference.
 */
export function revoke(target: object): void {
  handles?.revoke(target);
}

/**
 * A side as its receiver sees it, for the types: what takes a reference to a `Counter` is written `Remote<Inverted<Counter>>`, and
 * `passed(counter)` is a side of `Counter` as such. At run time it is the side itself.
 */
export function passed<S>(side: Side<S>): Remote<Inverted<S>> {
  return side as unknown as Remote<Inverted<S>>;
}
