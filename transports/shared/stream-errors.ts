import { ConnectionLost } from '../../src/contract/errors.js';
import { TLS_HINTS } from './tls-hints.js';

/** Hints for the most frequent system errors: what they mean and what to do. */
const HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there; start the side that listens first, or check the address',
  ENOENT: 'there is no such file; start the side that listens first, or check the path',
  ENOTSOCK: 'the file is not a socket; check the path',
  ETIMEDOUT: 'the host does not answer; check the address and the network',
  EHOSTUNREACH: 'the host is unreachable; check the address and the network',
  ENETUNREACH: 'the network of that host is unreachable; check the address and the network',
  ENOTFOUND: 'the host is not known; check its name',
  EAI_AGAIN: 'the name of the host cannot be looked up now; check the network',
  EADDRINUSE: 'another program already listens there; end it, or use another address',
  EADDRNOTAVAIL: 'this machine has no such interface; check the host',
  EACCES: 'this user may not do that; use another address (ports below 1024 are reserved on many systems)',
  EPERM: 'this user may not do that; use another address',
  EMFILE: 'this process has too many open files; raise its limit, or lower limits.peers',
};

/**
 * Turns a system error into an error of this library: what failed, what the system reported, what to do; the system
 * error is its `cause`. `hints` are special to this case, by the names of the system errors.
 */
export function explain(what: string, error: Error, hints: Readonly<Record<string, string>> = {}): ConnectionLost {
  return new ConnectionLost(`${what}: ${reasonOf(error, { ...HINTS, ...hints })}`, { cause: error });
}

/** What an error of a socket means; its own text if that is not known. */
export function reasonOf(error: Error, hints: Readonly<Record<string, string>> = {}): string {
  const code = codeOf(error);
  const hint = code === undefined ? undefined : (hints[code] ?? TLS_HINTS[code]);
  return hint === undefined ? error.message.trim() : `${hint} (${code})`;
}

/** The system's name of an error, such as `ECONNREFUSED`. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** A thrown value as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
