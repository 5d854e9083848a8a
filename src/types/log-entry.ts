import type { Id, Logger } from '../contract/contract.js';

/** One report of a side, for a logger that takes fields beside a text, such as pino. */
export interface LogEntry {
  /** `info` only for calls that `logCalls: true` reports. */
  readonly level: 'info' | 'warn' | 'error';
  /**
   * What kind of report it is: `message.error` for what is wrong with a message, `call` for a call that has ended, `side` for
   * what a listener, an interceptor, a guard or an option of this side has done, or that nobody handles a notification, `transport` for what a transport reports,
   * `reports.omitted` for a count of reports that were not written.
   */
  readonly event: 'message.error' | 'call' | 'side' | 'transport' | 'reports.omitted';
  /** The whole report on one line; begins with `obverse: ` unless a transport has written it. */
  readonly message: string;
  /** The id of the peer, where one is concerned. */
  readonly peer?: string;
  /** The id of the message, where it has one. */
  readonly id?: Id;
  /** The method on the wire, where it is known. */
  readonly method?: string;
  /** What was thrown; a text of it if it is large or has control characters. */
  readonly error?: unknown;
}

/** A logger that takes entries. It has no `warn`: whatever has `warn` and `error`, such as `console`, gets texts and details. */
export interface EntryLogger {
  /** What it throws, or rejects with, is ignored. */
  log(entry: LogEntry): void;
}

/** The logger of a side: what plug-ins report to, and entries. */
export interface SideLogger extends Logger {
  info?(message: string, ...details: unknown[]): void;
  /** Writes an entry; `text` and `details` are the same for a logger that takes no entries. */
  entry(entry: LogEntry, text: string, ...details: unknown[]): void;
}
