import { ConnectionLost } from '../../src/contract/errors.js';

/** What the commonest errors of the system mean, and what to do about them. */
const HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there; start the side that listens first, or check the address',
  ENOENT: 'there is no such file; start the side that listens first, or check the path',
  ENOTSOCK: 'the file is no socket; check the path',
  ETIMEDOUT: 'the host does not answer; check the address and what lies between',
  EHOSTUNREACH: 'there is no way to that host; check the address and the network',
  ENETUNREACH: 'there is no way to that network; check the address and the network',
  ENOTFOUND: 'no such host is known; check its name',
  EAI_AGAIN: 'the name of the host cannot be looked up now; check the network',
  EADDRINUSE: 'somebody listens there already; end that program, or take another address',
  EADDRNOTAVAIL: 'this machine has no such interface; check the host',
  EACCES: 'this user may not do that; take another address (ports below 1024 are reserved on many systems)',
  EPERM: 'this user may not do that; take another address',
  EMFILE: 'this process has too many open files; raise its limit, or lower limits.peers',
};

/**
 * An error of the system as one of ours: what failed, what the system said, what to do; the error itself is its `cause`.
 * `hints` say by the system's names what is special here.
 */
export function explain(what: string, error: Error, hints: Readonly<Record<string, string>> = {}): ConnectionLost {
  const code = codeOf(error);
  const hint = code === undefined ? undefined : (hints[code] ?? HINTS[code]);
  return new ConnectionLost(`${what}: ${hint === undefined ? error.message : `${hint} (${code})`}`, { cause: error });
}

/** The system's name of an error, such as `ECONNREFUSED`. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Whatever was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
