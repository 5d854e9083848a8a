import type { Reported } from '../../api/reported.js';
import type { Reports } from '../../api/reports.js';
import { ignoreRejection } from '../../base/promise-like.js';
import type { FaultBody } from '../../contract/contract.js';
import type { ErrorClass, LogErrors } from '../../types/errors.js';
import { type ErrorWriter, HIDDEN } from './error-writer.js';

/** Reports errors with which calls are answered. */
export class ErrorLog {
  constructor(
    private readonly which: LogErrors,
    private readonly except: readonly ErrorClass[],
    private readonly writer: ErrorWriter,
    private readonly reports: Reports,
  ) {}

  /** A call of a peer is answered with `fault`, since `error` was thrown. */
  answered(error: unknown, fault: FaultBody, peer?: Reported): void {
    if (!this.mustLog(error, fault, peer) || this.except.some((errorClass) => error instanceof errorClass)) return;
    const what = fault === HIDDEN ? 'received "Internal error" instead of this error' : 'received this error';
    this.reports.write('error', peer, `a peer ${what}:`, error);
  }

  private mustLog(error: unknown, fault: FaultBody, peer: Reported | undefined): boolean {
    const { which } = this;
    try {
      if (typeof which === 'function') {
        const wanted = which(error);
        // An async function counts as true: its promise is not awaited.
        ignoreRejection(wanted);
        return wanted;
      }
      if (typeof which === 'boolean') return which;
      return which === 'hidden' ? fault === HIDDEN : !this.writer.isMeant(error);
    } catch (thrown) {
      this.reports.write('error', peer, 'the option "logErrors" has thrown:', thrown);
      return true;
    }
  }
}
