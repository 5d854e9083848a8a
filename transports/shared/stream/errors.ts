import { ConnectionLost } from '../../../src/contract/errors.js';
import { markPermanent } from '../../../src/contract/permanent.js';
import { TLS_HINTS } from '../tls/hints.js';

/** The alerts by which the other side of TLS refuses the certificate of this one. */
const REFUSED = /^ERR_SSL_.*ALERT_(?:CERTIFICATE_(?:REQUIRED|REVOKED|UNKNOWN)|UNKNOWN_CA|BAD_CERTIFICATE)$/;

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
  return lostBy(error, `${what}: ${reasonOf(error, { ...HINTS, ...hints })}`);
}

/** The error for a link, or an attempt, that a system error has ended. Another attempt would meet the refusal of a certificate again. */
export function lostBy(cause: Error | undefined, text: string): ConnectionLost {
  const lost = new ConnectionLost(text, cause && { cause });
  return REFUSED.test(codeOf(cause) ?? '') ? markPermanent(lost) : lost;
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
