import type { About } from '../contract/contract.js';
import type { MethodDescriptor } from '../spec/method-table.js';
import type { SlowOptions } from '../types/peers.js';
import type { PackedArguments } from './arguments.js';
import type { CallingSide } from './calling-side.js';

/** The function of a receiver that sends a notification itself. */
export const deliver: unique symbol = Symbol('deliver');

/** A receiver that sends a notification itself, such as a topic. Extensions make them. */
export interface SelfDelivering {
  /** Sends a notification. `slow`: the options for slow receivers, if the call has them. Throws if it cannot be sent. */
  [deliver](
    side: CallingSide,
    method: MethodDescriptor,
    packed: PackedArguments,
    about: About | undefined,
    slow: SlowOptions | undefined,
  ): void;
}

/** Whether a receiver sends notifications itself. */
export function isSelfDelivering(receivers: unknown): receivers is SelfDelivering {
  return typeof receivers === 'object' && receivers !== null && deliver in receivers;
}
