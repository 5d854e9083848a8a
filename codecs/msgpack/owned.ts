/**
 * Frames that the framing has put together in memory of their own, which nobody else holds: the bytes in them may be given
 * to the receiver without another copy. A frame that comes from elsewhere may be shared (with the other receivers of a
 * multicast within this process, with the sender) and is not known here.
 */
const owned = new WeakSet<Uint8Array>();

/** Below this a copy costs less than the note. */
export const WORTH_OWNING = 64 * 1024;

/** Notes that nobody else holds the memory of the frame. */
export function own(frame: Uint8Array): Uint8Array {
  if (frame.length >= WORTH_OWNING) owned.add(frame);
  return frame;
}

/** Whether the memory of the frame belongs to whoever decodes it. */
export function isOwned(frame: Uint8Array): boolean {
  return frame.length >= WORTH_OWNING && owned.has(frame);
}
