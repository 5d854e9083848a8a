import type { Reported, Reports } from '../../api/reports.js';
import type { FaultBody } from '../../contract/contract.js';
import { Aborted, Code, TimeoutError } from '../../contract/errors.js';
import type { ErrorClass, ErrorClasses, ErrorPolicy, LogErrors } from '../../types/errors.js';
import { KnownErrors } from './error-classes.js';
import { ErrorLog } from './error-log.js';
import { ErrorReader } from './error-reader.js';
import { ErrorWriter } from './error-writer.js';

export type { ArrivedError, ErrorClass, ErrorClasses, ErrorEntry, ErrorPolicy, LogErrors } from '../../types/errors.js';
export { isRemote } from './error-reader.js';
export { isOneOf } from './one-of.js';

/** What the options of a side say of errors. */
export interface FaultOptions {
  readonly errors?: ErrorPolicy | undefined;
  readonly errorClasses?: ErrorClasses | undefined;
  readonly logErrors?: LogErrors | undefined;
  readonly neverLogged?: readonly ErrorClass[] | undefined;
}

type Registration = typeof import('./register-classes.js');

/** Where the code comes from that registers classes: a page loads it where an option or a decorator names some. */
export interface Registrations {
  readonly here: Registration | undefined;
  must(what: string): Registration;
  enter(): Promise<Registration>;
}

/** Turns errors into what travels, and back. One for each side. */
export class ErrorMapper {
  private readonly known = new KnownErrors();
  /** What is registered when the side is opened; undefined once it is open. */
  private later: ((registration: Registration) => void)[] | undefined = [];
  private readonly teller: ErrorWriter;
  private readonly rebuilder: ErrorReader;
  private readonly log: ErrorLog;

  /** Throws a UsageError if two classes have the same name, or one is no class of errors; in a page, `furnish` rejects with it. */
  constructor(
    options: FaultOptions,
    reports: Reports,
    private readonly registrations: Registrations,
  ) {
    const { errors = 'message', errorClasses, logErrors = 'hidden', neverLogged = [] } = options;
    const failed = (what: string, error: unknown): void => reports.write('warn', undefined, `${what}:`, error);
    this.teller = new ErrorWriter(errors, this.known, failed);
    this.rebuilder = new ErrorReader(this.known, failed);
    this.log = new ErrorLog(logErrors, neverLogged, this.teller, reports);
    if (errorClasses !== undefined)
      this.register('errorClasses', ({ registerClasses }) => registerClasses(this.known, errorClasses));
  }

  /** Registers what a method is known to throw. Throws a UsageError as the constructor does. */
  learn(path: string, classes: readonly ErrorClass[]): void {
    this.register(`the errors of ${path}`, ({ registerErrorsOf }) => registerErrorsOf(this.known, path, classes));
  }

  private register(what: string, job: (registration: Registration) => void): void {
    if (this.registrations.here !== undefined || this.later === undefined) job(this.registrations.must(what));
    else this.later.push(job);
  }

  /** Loads what the options and the decorators ask for. It belongs to opening. */
  async furnish(): Promise<void> {
    const { later = [] } = this;
    this.later = undefined;
    if (later.length === 0) return;
    const loaded = await this.registrations.enter();
    for (const job of later) job(loaded);
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
