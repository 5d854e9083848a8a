import { ConnectionLost, UsageError } from '../contract/errors.js';

/** What is certain of a call where there is nobody to send it to. */
export const NOT_SENT: { readonly maybeExecuted: false } = { maybeExecuted: false };

/** The state of a side. */
export type SideState = 'new' | 'opening' | 'open' | 'draining' | 'closed';

/** Why a side cannot be opened (again). `hasPeers`: a peer is connected; `listens`: it waits for peers. */
export function cannotOpen(state: SideState, hasPeers: boolean, listens: boolean): UsageError {
  const once = 'a side can be opened only once, and this one';
  if (state === 'opening') return new UsageError(`${once} is opening: await the first open()`);
  if (state === 'closed') return new UsageError(`${once} is closed: create another one`);
  if (hasPeers || listens) return new UsageError(`${once} is open`);
  return new UsageError(
    `${once} was, but its link has ended: await changeTransport(address) to connect it again, or create another side`,
  );
}

/** Why the transport of a side cannot be changed. */
export function cannotChange(state: SideState): UsageError {
  const is = `the transport can be changed only while a side is open, and this one is ${state}`;
  if (state === 'new') return new UsageError(`${is}: await open() first`);
  if (state === 'opening') return new UsageError(`${is}: await open() first`);
  if (state === 'draining') return new UsageError(`${is}: close({ drain }) was called`);
  return new UsageError(`${is}: create another one`);
}

/**
 * Throws ConnectionLost if a side is not open: then sending to every peer is a mistake, even if there is none. While it is opening, too:
 * its peers come when it is open, and would not receive the message.
 */
export function mustBeOpen(state: SideState): void {
  const why = whyNotOpen(state);
  if (why !== undefined) throw new ConnectionLost(why, NOT_SENT);
}

/** Why a side has no peers, if that is because of its state. */
export function whyNotOpen(state: SideState): string | undefined {
  if (state === 'new') return 'the side is not open: await open() first';
  if (state === 'opening') return 'the side is still opening: await open() first';
  return state === 'closed' ? 'the side is closed: close() was called, or it could not be opened' : undefined;
}
