import type { Reported } from '../../api/reported.js';
import type { Reports } from '../../api/reports.js';
import type { FaultBody } from '../../contract/contract.js';
import { Aborted, Code, TimeoutError } from '../../contract/errors.js';
import type { ErrorMapper } from '../../session/error-mapper.js';
import type { ErrorClass, ErrorPolicy, LogErrors } from '../../types/errors.js';
import { smallerFaults } from './envelope.js';
import { KnownErrors } from './error-classes.js';
import { ErrorLog } from './error-log.js';
import { ErrorReader } from './error-reader.js';
import { ErrorWriter } from './error-writer.js';

/** The options of a side that concern errors. */
interface ErrorOptions {
  readonly errors?: ErrorPolicy | undefined;
  readonly logErrors?: LogErrors | undefined;
  readonly neverLogged?: readonly ErrorClass[] | undefined;
}

/** The errors of one side: how they are sent, what they become on arrival, and which are logged. */
export class SideErrors implements ErrorMapper {
  /** The classes that are registered. */
  readonly known: KnownErrors = new KnownErrors();
  readonly smaller: ErrorMapper['smaller'] = smallerFaults;
  private readonly writer: ErrorWriter;
  private readonly reader: ErrorReader;
  private readonly log: ErrorLog;

  constructor({ errors = 'message', logErrors = 'hidden', neverLogged = [] }: ErrorOptions, reports: Reports) {
    const failed = (what: string, error: unknown): void => reports.write('warn', undefined, `${what}:`, error);
    this.writer = new ErrorWriter(errors, this.known, failed);
    this.reader = new ErrorReader(this.known, failed);
    this.log = new ErrorLog(logErrors, neverLogged, this.writer, reports);
  }

  toFault(error: unknown, peer?: Reported): FaultBody {
    const fault = this.writer.faultOf(error);
    try {
      this.log.answered(error, fault, peer);
    } catch {
      // The call is answered even if the logger throws.
    }
    return fault;
  }

  fromFault(fault: FaultBody): Error {
    // These report what has happened to the call itself: the other side may be the first to notice.
    if (fault.data === undefined && fault.code === Code.Timeout) return new TimeoutError(fault.message);
    if (fault.data === undefined && fault.code === Code.Aborted) return new Aborted(fault.message);
    return this.reader.rebuild(fault);
  }
}
