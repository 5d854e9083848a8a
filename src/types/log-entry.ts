import type { Id, Logger } from '../contract/contract.js';

/** A report of a side, for a logger that takes fields with a text, such as pino. */
export interface LogEntry {
  /** `info` is used only for calls, with `logCalls: true`. */
  readonly level: 'info' | 'warn' | 'error';
  /**
   * The kind of report: `message.error` for an error in a message, `call` for a call that has ended, `side` for an
   * error of a listener, an interceptor, a guard or an option of this side, or a notification without a handler,
   * `transport` for a report of a transport, `reports.omitted` for the number of reports that were not written.
   */
  readonly event: 'message.error' | 'call' | 'side' | 'transport' | 'reports.omitted';
  /** The whole report in one line; begins with `obverse: `. */
  readonly message: string;
  /** The id of the peer, if the report is about one. */
  readonly peer?: string;
  /** The id of the message, if it has one. */
  readonly id?: Id;
  /** The method on the wire, if it is known. */
  readonly method?: string;
  /** The error; a text instead if it is large or has control characters. */
  readonly error?: unknown;
}

/**
 * A logger of entries. It has no `warn`: a logger with `warn` and `error`, such as `console`, receives texts and
 * details.
 */
export interface EntryLogger {
  /** What it throws, or rejects with, is ignored. */
  log(entry: LogEntry): void;
}

/** The logger of a side: for the reports of plug-ins, and for entries. */
export interface SideLogger extends Logger {
  info?(message: string, ...details: unknown[]): void;
  /** Writes an entry; `text` and `details` are the same for a logger without entries. */
  entry(entry: LogEntry, text: string, ...details: unknown[]): void;
}
