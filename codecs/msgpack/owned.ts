/**
 * Frames in memory that only this side holds, because the framing has assembled them: their bytes can be passed to the
 * receiver without another copy. A frame from elsewhere may be shared (with other receivers of a multicast in this
 * process, or with the sender) and is not registered here.
 */
const owned = new WeakSet<Uint8Array>();

/** Below this size a copy costs less than the registration. */
export const WORTH_OWNING = 64 * 1024;

/** Registers a frame whose memory nothing else holds. */
export function own(frame: Uint8Array): Uint8Array {
  if (frame.length >= WORTH_OWNING) owned.add(frame);
  return frame;
}

/** Whether the memory of the frame belongs to the one who decodes it. */
export function isOwned(frame: Uint8Array): boolean {
  return frame.length >= WORTH_OWNING && owned.has(frame);
}
