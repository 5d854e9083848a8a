import { ignoreRejection } from '../base/promise-like.js';
import { printable } from '../base/quote.js';
import type { Logger } from '../contract/contract.js';
import type { EntryLogger, LogEntry, SideLogger } from '../types/log-entry.js';

interface LoggerWithInfo extends Logger {
  info?(message: string, ...details: unknown[]): void;
}

const PREFIX = 'obverse: ';

/** Reports nothing. */
export const silence: SideLogger = Object.freeze({ warn() {}, error() {}, entry() {} });

/** The logger that an option names. One that throws harms nothing. */
export function sideLogger(given: Logger | EntryLogger | null | undefined): SideLogger {
  const logger = given ?? globalThis.console;
  if (given === null) return silence;
  return isEntryLogger(logger) ? withEntries(logger) : withTexts(logger);
}

/** Whether a logger takes entries. */
export function isEntryLogger(logger: object): logger is EntryLogger {
  return typeof (logger as Partial<EntryLogger>).log === 'function' && !('warn' in logger);
}

function withTexts(logger: LoggerWithInfo): SideLogger {
  return {
    warn: (text, ...details) => callLogger(() => logger.warn(prefixed(text), ...details)),
    error: (text, ...details) => callLogger(() => logger.error(prefixed(text), ...details)),
    entry: ({ level }, ...args) => callLogger(() => (logger[level] ?? logger.warn).apply(logger, args)),
    // Not every logger takes what is no trouble.
    ...('info' in logger && { info: (...args: [string]) => callLogger(() => logger.info?.(...args)) }),
  };
}

function withEntries(logger: EntryLogger): SideLogger {
  const entry = (one: LogEntry): void => callLogger(() => logger.log(one));
  const plain =
    (level: LogEntry['level'], event: LogEntry['event']) =>
    (message: string, ...[error]: unknown[]): void =>
      entry({ level, event, message: withError(prefixed(message), error), ...(error !== undefined && { error }) });
  return { warn: plain('warn', 'transport'), error: plain('error', 'transport'), info: plain('info', 'call'), entry };
}

/** Plug-ins report without the name of the library: among the texts of a program, it says whose they are. */
function prefixed(text: string): string {
  return text.startsWith(PREFIX) ? text : PREFIX + text;
}

/** A text with what an error reports behind it. Never throws. */
export function withError(text: string, error: unknown): string {
  if (error === undefined) return text;
  try {
    const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return `${text.replace(/:$/, '')}: ${printable(said, 1_000)}`;
  } catch {
    return text;
  }
}

/** Ignores what a logger throws or rejects with: it cannot be reported, and an unhandled rejection would end the process. */
function callLogger(log: () => unknown): void {
  try {
    ignoreRejection(log());
  } catch {
    // Nothing else fails with it.
  }
}
