import type { MethodDescriptor } from '../../spec/method-table.js';
import type { Interceptor } from '../../types/interceptor.js';
import type { TypeEntry } from '../../types/values.js';
import { guard } from './guard.js';
import { incomingValidation } from './incoming.js';
import { outgoingValidation } from './outgoing.js';
import { revivedBy } from './revived-by.js';

/** What a side says of the checks of its methods. */
export interface CheckOptions {
  /** What the schemas of methods check: see the option of the side. */
  readonly validate: 'incoming' | 'both' | 'off';
  /** How long a guard, or a schema that is asynchronous, may take, in milliseconds. */
  readonly timeout: number;
  /** The value types of the side: of these, instances arrive as such. */
  readonly types: readonly TypeEntry[] | undefined;
}

/** Whether calls may go on, and with which values: guards and validation, as the marks of methods ask for them. */
export class Checks {
  private readonly revived: (type: unknown) => boolean;

  constructor(private readonly options: CheckOptions) {
    this.revived = revivedBy(options.types);
  }

  /** What stands around the calls of a method, the outermost first. */
  of(row: MethodDescriptor, direction: 'incoming' | 'outgoing'): Interceptor[] {
    const { validate, timeout } = this.options;
    const checking = { validate, timeout, revived: this.revived };
    if (direction === 'outgoing') return listed(outgoingValidation(row, checking));
    const { allow } = row.mark.options;
    return [
      ...(allow === undefined ? [] : [guard(row.path, allow, timeout)]),
      ...listed(incomingValidation(row, checking)),
    ];
  }
}

function listed(interceptor: Interceptor | undefined): Interceptor[] {
  return interceptor === undefined ? [] : [interceptor];
}
