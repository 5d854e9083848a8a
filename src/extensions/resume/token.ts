import { toBase64 } from '../../base/base64.js';

/** 128 random bits in base64url: nobody can guess the name of a session. */
export function newToken(): string {
  const bits = crypto.getRandomValues(new Uint8Array(16));
  return toBase64(bits).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
