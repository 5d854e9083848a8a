import { printable } from '../../../src/base/quote.js';
import { clearTimer, setTimer } from '../../../src/base/time.js';
import { Code, ConnectionLost, ProtocolError } from '../../../src/contract/errors.js';

/**
 * How long, in milliseconds, an ending link waits for a peer that has received everything and does not end its side.
 */
export const LINGER_MS = 1_000;

/**
 * Why a link to this peer ended, by the code and text of its close frame (RFC 6455, 7.4); undefined for a clean end.
 */
export function endOf(peer: string, code: number, text: string): Error | undefined {
  const said = text === '' ? `code ${code}` : `code ${code}: ${printable(text)}`;
  switch (code) {
    case 1000:
    case 1001:
    case 1005:
      return undefined;
    case 1002:
    case 1003:
    case 1007:
      return new ProtocolError(`${peer} did not understand this side and ended the link (${said})`);
    case 1009:
      return new ProtocolError(`${peer} received too large a message and ended the link (${said})`, Code.TooLarge);
    default:
      return new ConnectionLost(`the link to ${peer} was lost: the peer ended it with ${said}`);
  }
}

/** The end of a link without a close frame (the code 1006, which is never sent). */
export function cutOff(peer: string, cause?: Error): ConnectionLost {
  const what = cause?.message ?? 'it ended without a closing handshake';
  return new ConnectionLost(`the link to ${peer} was lost: ${what}`, cause && { cause });
}

/** A message above the size limit of frames. */
export function tooLarge(peer: string, limit: number, cause?: Error): ProtocolError {
  const text = `${peer} sent a message of more than ${limit} bytes, the limit for frames (limits.frameBytes)`;
  return new ProtocolError(text, Code.TooLarge, cause && { cause });
}

/**
 * The text of the close frame. It contains a reason only for an error of the peer; a close frame has room for 123 bytes
 * of it.
 */
export function closeText(reason: Error): string {
  return reason instanceof ProtocolError ? reason.message.slice(0, 123).replace(/[^ -~]/g, '?') : '';
}

/**
 * Watches an ending link: calls `cut` when nothing was sent for `stalledMs`, or when everything was sent and the peer
 * has not ended its side {@link LINGER_MS} later. Returns the function that stops the watch.
 */
export function linger(link: { readonly buffered: number }, stalledMs: number, cut: () => void): () => void {
  let left = link.buffered;
  let still = 0;
  const look = (): void => {
    const before = left;
    left = link.buffered;
    still = left === before ? still + LINGER_MS : 0;
    if (still < (left === 0 ? LINGER_MS : stalledMs)) timer = setTimer(LINGER_MS, look);
    else cut();
  };
  let timer = setTimer(LINGER_MS, look);
  return () => clearTimer(timer);
}
