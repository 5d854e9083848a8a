import type { Form, Limits, Transport, Wire } from '../contract/contract.js';
import { UsageError } from '../contract/errors.js';
import { ACCEPTED_FRAME_BYTES, limitsFrom } from '../contract/limits.js';
import type { Gaps } from './runner.js';

/** A transport as the suite is told of it. */
export interface TransportCase {
  /** What stands above its tests. */
  readonly name: string;
  /** The forms that it carries; text and bytes by default. The first of them is used where the form does not matter. */
  readonly forms?: readonly Form[];
  /**
   * Makes the transport that is opened first: the one that listens, or one of two equals. `wire.listen` is true.
   */
  first(wire: Wire): Transport | Promise<Transport>;
  /**
   * Makes one that meets the first, which is open under that address. `wire.listen` is false. Where the far side has to
   * be a program of its own, one of the two may be a stand-in that has the shape of a transport and reaches that program.
   */
  second(wire: Wire, address: string): Transport | Promise<Transport>;
  /** The first learns of the second by the first frame that it hears: the suite sends one before it looks. */
  readonly silent?: boolean;
  /** What the second is told when the first ends cleanly, where it is told something, such as that a program has exited. */
  readonly goodbye?: RegExp;
  /**
   * Connects something to the first that is no transport, under that address, and gives what makes it die without a
   * goodbye. Without this, the test is a gap.
   */
  crash?(address: string): Promise<() => void>;
  /** Tests that do not fit, by their names, each with the reason. */
  readonly gaps?: Gaps;
}

/** What a wire for tests may be told; the rest is as in {@link wireFor}. */
export interface WireOptions extends Partial<Omit<Wire, 'limits'>> {
  readonly limits?: Partial<Limits>;
}

/**
 * A wire for tests of transports without the core: text over `lines`, bytes over `length`, dialing, the usual limits, and
 * no word from the logger. Throws a UsageError for an unknown limit.
 */
export function wireFor(options: WireOptions = {}): Wire {
  const form = options.form ?? 'text';
  return {
    framing: form === 'values' ? undefined : form === 'text' ? 'lines' : 'length',
    codec: 'test',
    hello: true,
    listen: false,
    sealed: false,
    memory: { take: () => true, give() {} },
    logger: { warn() {}, error() {} },
    transport: () => Promise.reject(new UsageError('this wire makes no transports: give wireFor one that does')),
    ...options,
    form,
    limits: limitsFrom(options.limits),
    acceptedFrameBytes: options.acceptedFrameBytes ?? options.limits?.frameBytes ?? ACCEPTED_FRAME_BYTES,
  };
}
