import type { Dispatcher } from '../calls/dispatcher.js';
import type { Logger, Wire } from '../contract/contract.js';
import { ACCEPTED_FRAME_BYTES } from '../contract/limits.js';
import { makeTransport } from '../plugins/registry.js';
import type { SessionHost } from '../session/session.js';
import { methodDescription } from '../spec/method-table.js';

/** What a transport knows of its side besides the codec and the bounds. */
export interface WirePlan {
  readonly listen: boolean;
  /** There is a security. */
  readonly sealed: boolean;
  /** The bound on frames as the options give it: then it holds for all links. */
  readonly frameBytes: number | undefined;
}

/** The side, as its transports know it. */
interface WiredSide extends Pick<SessionHost, 'codec' | 'limits' | 'load'> {
  readonly logger: Logger;
  readonly dispatcher: Pick<Dispatcher, 'tables'>;
  readonly inverted: boolean;
}

/** What the transports of a side know of that which they carry. */
export function sideWire(
  { codec, limits, load, logger, dispatcher, inverted }: WiredSide,
  { listen, sealed, frameBytes }: WirePlan,
): Wire {
  const { name, form, framing, hello, http, parts } = codec;
  const wire: Wire = {
    form,
    framing,
    codec: name,
    // Also under a security: hello is sealed as any other message, and what is sealed is never joined.
    hello,
    listen,
    sealed,
    limits,
    acceptedFrameBytes: frameBytes ?? ACCEPTED_FRAME_BYTES,
    memory: load,
    logger,
    ...(http !== undefined && { http }),
    ...(parts !== undefined && { parts }),
    document: () => {
      const methods = dispatcher.tables.flatMap((table) => table.methods);
      // `meta` is for the program itself.
      return JSON.stringify(methods.map((method) => ({ ...methodDescription(method, inverted), meta: undefined })));
    },
    transport: (source, listens) => makeTransport(source, { ...wire, listen: listens }),
  };
  return wire;
}
