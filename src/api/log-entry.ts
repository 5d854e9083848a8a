import { loggable } from '../base/details.js';
import { heed } from '../base/promise-like.js';
import { printable } from '../base/quote.js';
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

interface Classic extends Logger {
  info?(message: string, ...details: unknown[]): void;
}

/** The logger that an option names. One that throws harms nothing. */
export function sideLogger(given: Logger | EntryLogger | null | undefined): SideLogger {
  const logger = given ?? globalThis.console;
  if (given === null) return { warn() {}, error() {}, entry() {} };
  return isEntryLogger(logger) ? withEntries(logger) : withTexts(logger);
}

/** Whether a logger takes entries. */
export function isEntryLogger(logger: object): logger is EntryLogger {
  return typeof (logger as Partial<EntryLogger>).log === 'function' && !('warn' in logger);
}

function withTexts(logger: Classic): SideLogger {
  return {
    warn: (...told) => guarded(() => logger.warn(...told)),
    error: (...told) => guarded(() => logger.error(...told)),
    entry: ({ level }, ...told) => guarded(() => (logger[level] ?? logger.warn).apply(logger, told)),
    // Not every logger takes what is no trouble.
    ...('info' in logger && { info: (...told: [string]) => guarded(() => logger.info?.(...told)) }),
  };
}

function withEntries(logger: EntryLogger): SideLogger {
  const entry = (one: LogEntry): void => guarded(() => logger.log(one));
  const plain =
    (level: LogEntry['level'], event: LogEntry['event']) =>
    (message: string, ...[error]: unknown[]): void =>
      entry({ level, event, message: withError(message, error), ...(error !== undefined && { error }) });
  return { warn: plain('warn', 'transport'), error: plain('error', 'transport'), info: plain('info', 'call'), entry };
}

/** A text with what an error says behind it. Never throws. */
export function withError(text: string, error: unknown): string {
  if (error === undefined) return text;
  try {
    const said = error instanceof Error ? `${error.name}: ${error.message}` : String(loggable(error));
    return `${text.replace(/:$/, '')}: ${printable(said, 1_000)}`;
  } catch {
    return text;
  }
}

/** There is nobody left to report to if this throws, or returns a promise that rejects, which would end the process. */
function guarded(tell: () => unknown): void {
  try {
    heed(tell());
  } catch {
    // Nothing else fails with it.
  }
}
