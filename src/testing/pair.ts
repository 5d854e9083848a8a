import { memoryPair } from '../../transports/shared/memory/pair.js';
import type { Accept, Link, Logger } from '../contract/contract.js';
import { defaultLimits } from '../contract/limits.js';

/** Two connected links: what one sends, the receiver of the other one receives. */
export interface LinkPair {
  readonly left: Link;
  readonly right: Link;
}

/** Options of a pair. */
export interface LinkPairOptions {
  /** The largest frame, in bytes, that either end accepts; a larger one ends the link. 64 MiB by default. */
  readonly frameBytes?: number;
  /** Receives errors for values that cannot be copied. Silent by default. */
  readonly logger?: Pick<Logger, 'error'>;
}

/**
 * Two connected links in memory, for tests of code that uses a link. Both are accepted before this returns, `left`
 * first. The peers are called `right` and `left`, and `left` counts as the one that connected. Frames arrive in order,
 * in a later microtask, never within `send`; if a link is closed with a reason, the other side receives a
 * ConnectionLost.
 */
export function linkPair(left: Accept, right: Accept, options: LinkPairOptions = {}): LinkPair {
  const { frameBytes = defaultLimits.frameBytes, logger = { error() {} } } = options;
  const links = memoryPair(
    { name: 'left', dialed: true, accept: left, frameBytes, logger },
    { name: 'right', accept: right, frameBytes, logger },
  );
  return { left: links[0], right: links[1] };
}
