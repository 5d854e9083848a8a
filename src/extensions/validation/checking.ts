import type { IncomingCall } from '../../calls/incoming-call.js';
import { UsageError } from '../../contract/errors.js';
import type { Check } from './validation.js';

/** How a side validates the calls of its methods. */
export interface Checking {
  /** What is checked: see the option of the side. */
  readonly validate: 'incoming' | 'both' | 'off';
  /** How long a schema that is asynchronous may take, in milliseconds. */
  readonly timeout: number;
  /** Whether instances of a class arrive as such, besides those of the standard ones: a registered value type. */
  readonly revived?: ((type: unknown) => boolean) | undefined;
}

/** Throws a UsageError before anything is sent; its `cause` says what is wrong. An asynchronous schema is not awaited. */
export function mustFit<T>(check: Check<T>, values: T): void {
  try {
    const checked = check(values);
    if (checked instanceof Promise) checked.catch(() => {});
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

/** Reports a mistake of this side, with the call that ran into it. */
export function report({ sender: { call, peer } }: IncomingCall, error: unknown): void {
  peer.session.host.reportError(peer.session, error, call.id, call.method);
}
