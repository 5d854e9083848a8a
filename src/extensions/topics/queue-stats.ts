import type { RpcEndpoint } from '../../api/endpoint.js';
import { UsageError } from '../../contract/errors.js';
import type { QueueStats } from '../../types/stats.js';

/**
 * The numbers of the queue of a side. Rejects with a UsageError where the transport keeps no messages, with ConnectionLost if the side is not
 * open, and with the error of the queue.
 */
export async function queueStats(side: RpcEndpoint): Promise<QueueStats> {
  side.mustBeOpen();
  const { transport } = side.transports.current ?? {};
  if (transport?.stats === undefined) {
    const [scheme] = /^[\w+-]+:/.exec(side.address) ?? [side.address];
    throw new UsageError(
      `${scheme} keeps no messages that could be counted: docs/queues.md lists the transports that do`,
    );
  }
  return transport.stats();
}
