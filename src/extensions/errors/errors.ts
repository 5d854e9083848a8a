import type { Reported, Reports } from '../../api/reports.js';
import type { FaultBody } from '../../contract/contract.js';
import { Aborted, Code, TimeoutError } from '../../contract/errors.js';
import type { ErrorClass, ErrorClasses, ErrorPolicy, LogErrors } from '../../types/errors.js';
import { KnownErrors } from './error-classes.js';
import { ErrorLog } from './error-log.js';
import { Rebuilder } from './error-reader.js';
import { Teller } from './error-writer.js';

export type { ArrivedError, ErrorClass, ErrorClasses, ErrorEntry, ErrorPolicy, LogErrors } from '../../types/errors.js';
export { isRemote } from './error-reader.js';
export { isOneOf } from './one-of.js';

/** What the options of a side say of errors. */
export interface FaultOptions {
  readonly errors?: ErrorPolicy | undefined;
  readonly errorClasses?: ErrorClasses | undefined;
  readonly logErrors?: LogErrors | undefined;
  readonly exceptLogged?: readonly ErrorClass[] | undefined;
}

/** Turns errors into what travels, and back. One for each side. */
export class Faults {
  private readonly known: KnownErrors;
  private readonly teller: Teller;
  private readonly rebuilder: Rebuilder;
  private readonly log: ErrorLog;

  /** Throws a UsageError if two classes have the same name, or one is no class of errors. */
  constructor(options: FaultOptions, reports: Reports) {
    const { errors = 'message', errorClasses = [], logErrors = 'hidden', exceptLogged = [] } = options;
    const failed = (what: string, error: unknown): void => reports.write('warn', undefined, `${what}:`, error);
    this.known = new KnownErrors(errorClasses);
    this.teller = new Teller(errors, this.known, failed);
    this.rebuilder = new Rebuilder(this.known, failed);
    this.log = new ErrorLog(logErrors, exceptLogged, this.teller, reports);
  }

  /** Registers what a method is known to throw. Throws a UsageError as the constructor does. */
  learn(path: string, classes: readonly ErrorClass[]): void {
    this.known.learn(path, classes);
  }

  /** An error as it travels to a peer; it is logged where the options say so. Never throws, whatever was thrown. */
  toFault(error: unknown, peer?: Reported): FaultBody {
    const fault = this.teller.tell(error);
    try {
      this.log.answered(error, fault, peer);
    } catch {
      // A logger that throws takes no answer with it.
    }
    return fault;
  }

  /** A fault as an error: of the class that it names, or a RemoteError. Never throws: a call would never be settled then. */
  fromFault(fault: FaultBody): Error {
    // These say what has become of the call itself: the other side may be the first to see it.
    if (fault.data === undefined && fault.code === Code.Timeout) return new TimeoutError(fault.message);
    if (fault.data === undefined && fault.code === Code.Aborted) return new Aborted(fault.message);
    return this.rebuilder.rebuild(fault);
  }
}
