import { createHash } from 'node:crypto';
import type { PeerCertificate } from 'node:tls';
import { UsageError } from '../../../src/contract/errors.js';

/**
 * The SHA-256 fingerprints in an option, in the form of Node: `AB:CD:…`. `scheme` begins the text of an error. Throws a UsageError if one of them is not a
 * fingerprint.
 */
export function readFingerprints(scheme: string, name: string, value: unknown): ReadonlySet<string> | undefined {
  if (value === undefined) return undefined;
  const list: readonly unknown[] =
    typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [value];
  return new Set(
    list.map((one) => {
      const hex = typeof one === 'string' ? one.trim().replaceAll(':', '').toUpperCase() : '';
      if (/^[\dA-F]{64}$/.test(hex)) return colons(hex);
      throw new UsageError(
        `${scheme} the option "${name}" must be a list of SHA-256 fingerprints of certificates, as \`openssl x509 -noout -fingerprint -sha256\` prints them, not ${JSON.stringify(one)}`,
      );
    }),
  );
}

/** The SHA-256 fingerprint of a certificate, as Node writes it; undefined if the runtime does not show it. */
export function fingerprintOf({ fingerprint256, raw }: Partial<PeerCertificate>): string | undefined {
  if (typeof fingerprint256 === 'string') return fingerprint256;
  return raw instanceof Uint8Array ? colons(createHash('sha256').update(raw).digest('hex').toUpperCase()) : undefined;
}

function colons(hex: string): string {
  return (hex.match(/../g) ?? []).join(':');
}
