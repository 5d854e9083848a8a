import { printable } from '../base/quote.js';
import type { Id } from '../contract/contract.js';
import type { SideLogger } from '../types/log-entry.js';
import { silence } from './log-entry.js';
import type { Reported, ReportWriter } from './reported.js';

type WriterClass = new (logger: SideLogger) => ReportWriter;

/** Undefined until it is provided, or loaded with the first report. */
let writerClass: WriterClass | undefined;

/** Has reports written by this class. Without it, the class is loaded with the first report. */
export function provideReportWriter(provided: WriterClass): void {
  writerClass = provided;
}

/** As many reports as the writer would write at most are kept until it is loaded. */
const MOST = 100;

/** What a side reports to its logger about its peers. Without a logger nothing is written, and no writer is loaded. */
export class Reports {
  /** The method of the message that is reported next, where it is known. */
  method: string | undefined;
  private writer: ReportWriter | undefined;
  private waiting: ((writer: ReportWriter) => void)[] | undefined;

  constructor(readonly logger: SideLogger) {}

  /** See {@link ReportWriter.write}. */
  write(level: 'warn' | 'error', peer: Reported | undefined, what: string, detail: unknown): void {
    this.report((writer) => writer.write(level, peer, what, detail));
  }

  /** See {@link ReportWriter.writeError}. */
  reportError(peer: Reported, error: unknown, id?: Id): void {
    const { method } = this;
    this.method = undefined;
    this.report((writer) => writer.writeError(peer, error, id, method));
  }

  /** The peer has gone. */
  leave(peer: Reported): void {
    this.writer?.leave(peer);
    this.waiting?.push((writer) => writer.leave(peer));
  }

  /** The side is closed. */
  end(): void {
    this.writer?.end();
    this.waiting?.push((writer) => writer.end());
  }

  private report(job: (writer: ReportWriter) => void): void {
    if (this.logger === silence) return;
    if (this.writer === undefined && writerClass !== undefined) this.writer = new writerClass(this.logger);
    if (this.writer !== undefined) job(this.writer);
    else if (this.waiting === undefined) {
      this.waiting = [job];
      this.load();
    } else if (this.waiting.length < MOST) this.waiting.push(job);
  }

  private load(): void {
    import('./report-writer.js').then(
      ({ CountingReports }) => {
        provideReportWriter(CountingReports);
        this.writer = new CountingReports(this.logger);
        for (const job of this.waiting?.splice(0) ?? []) job(this.writer);
        this.waiting = undefined;
      },
      (error: unknown) => {
        this.waiting = undefined;
        const message = `obverse: a report could not be written: ${printable(String(error))}`;
        this.logger.entry({ level: 'warn', event: 'side', message }, message);
      },
    );
  }
}
