import type { Form, Limits, Transport, Wire } from '../contract/contract.js';
import { UsageError } from '../contract/errors.js';
import { ACCEPTED_FRAME_BYTES, limitsFrom } from '../contract/limits.js';
import type { Gaps } from './runner.js';

/** A transport to test. */
export interface TransportCase {
  /** The name of the suite in the runner's report. */
  readonly name: string;
  /** The forms that it carries; text and bytes by default. The first of them is used if the form does not matter. */
  readonly forms?: readonly Form[];
  /**
   * Creates the transport that is opened first: the one that listens, or one of two equal ones. `wire.listen` is true.
   */
  first(wire: Wire): Transport | Promise<Transport>;
  /**
   * Creates the transport that connects to the first, at the address of that one. `wire.listen` is false. If the other
   * side must be a separate program, one of the two may be a stand-in with the interface of a transport that reaches
   * that program.
   */
  second(wire: Wire, address: string): Transport | Promise<Transport>;
  /** The first notices the second only by a frame from it: the suite sends one before it continues. */
  readonly silent?: boolean;
  /**
   * The reason that the second receives when the first ends cleanly, if there is one, such as that a program has
   * exited.
   */
  readonly goodbye?: RegExp;
  /**
   * Connects something other than this transport to the first, at its address, and returns a function that kills it
   * without closing. Without this option, the test is a gap.
   */
  crash?(address: string): Promise<() => void>;
  /** Tests that the transport cannot pass by design, by name, with the reason. */
  readonly gaps?: Gaps;
}

/** Options of a wire for tests; the rest is as in {@link wireFor}. */
export interface WireOptions extends Partial<Omit<Wire, 'limits'>> {
  readonly limits?: Partial<Limits>;
}

/**
 * A wire for tests of transports without the core: text over `lines`, bytes over `length`, connecting, the default
 * limits, and a silent logger. Throws a UsageError for an unknown limit.
 */
export function wireFor(options: WireOptions = {}): Wire {
  const form = options.form ?? 'text';
  return {
    framing: form === 'values' ? undefined : form === 'text' ? 'lines' : 'length',
    codec: 'test',
    hello: true,
    listen: false,
    sealed: false,
    memory: { reserve: () => true, release() {} },
    logger: { warn() {}, error() {} },
    document: () => '[]',
    transport: () => Promise.reject(new UsageError('this wire creates no transports: pass one that does to wireFor')),
    ...options,
    form,
    limits: limitsFrom(options.limits),
    acceptedFrameBytes: options.acceptedFrameBytes ?? options.limits?.frameBytes ?? ACCEPTED_FRAME_BYTES,
  };
}
