import { memoryPair } from '../../transports/shared/memory-pair.js';
import type { Accept, Link, Logger } from '../contract/contract.js';
import { defaultLimits } from '../contract/limits.js';

/** Two links that face each other: what one sends, the other one's receiver is given. */
export interface LinkPair {
  readonly left: Link;
  readonly right: Link;
}

/** What a pair may be told. */
export interface LinkPairOptions {
  /** The largest frame, in bytes, that either end reads; a longer one ends the link. 64 MiB by default. */
  readonly frameBytes?: number;
  /** Is told of values that cannot be copied. Silent by default. */
  readonly logger?: Pick<Logger, 'error'>;
}

/**
 * Two links face to face, in memory, for tests of what uses a link. Both are accepted before this returns, `left` first.
 * The peers are called `right` and `left`, and `left` counts as the one who dialed. Frames arrive in order, in a later microtask, never within `send`; a link that
 * is closed with a reason is seen from the other side as ConnectionLost.
 */
export function linkPair(left: Accept, right: Accept, options: LinkPairOptions = {}): LinkPair {
  const { frameBytes = defaultLimits.frameBytes, logger = { error() {} } } = options;
  const links = memoryPair(
    { name: 'left', dialed: true, accept: left, frameBytes, logger },
    { name: 'right', accept: right, frameBytes, logger },
  );
  return { left: links[0], right: links[1] };
}
