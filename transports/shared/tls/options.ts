import { isIP } from 'node:net';
import { withoutPassword } from '../../../src/contract/address.js';
import type { Address } from '../../../src/contract/contract.js';
import { UsageError } from '../../../src/contract/errors.js';
import { CERTIFICATE_OPTIONS, type CertificateSource } from './certificates.js';
import { readFingerprints } from './fingerprints.js';

/** The options of TLS at either end. */
export const TLS_OPTIONS = {
  cert: 'any',
  key: 'any',
  passphrase: 'text',
  ca: 'any',
  fingerprints: 'any',
  revoked: 'any',
  certificates: 'any',
  clientCertificate: ['require', 'request'],
  verify: ['full', 'chain', 'fingerprint', 'none'],
  servername: 'text',
  minVersion: ['TLSv1.2', 'TLSv1.3'],
} as const;

/** Their values, as the kinds of {@link TLS_OPTIONS} leave them. */
export type TlsOptionValues = { readonly [N in keyof typeof TLS_OPTIONS]?: unknown };

/**
 * What is checked of the certificate of a peer: `full`, its chain, and the name of the host that was dialed; `chain`,
 * without the name; `fingerprint`, only its fingerprint; `none`, nothing.
 */
export type Verify = 'full' | 'chain' | 'fingerprint' | 'none';

/** The options of TLS, checked. */
export interface TlsSettings {
  /** The scheme in texts: `tls:`. */
  readonly scheme: string;
  readonly source: CertificateSource;
  readonly clientCertificate: 'require' | 'request' | undefined;
  readonly verify: Verify;
  readonly servername: string | undefined;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly alpn: readonly string[] | undefined;
}

/** The first of the options of TLS that is given. */
export function tlsOptionIn(options: object): string | undefined {
  return Object.keys(TLS_OPTIONS).find((name) => name in options);
}

/** Checks the options of TLS of one end. Throws a UsageError for those that are missing, or do not fit together. */
export function readTls(
  { scheme, text }: Address,
  options: TlsOptionValues,
  listens: boolean,
  alpn?: unknown,
): TlsSettings {
  const wrong = (why: string): UsageError => new UsageError(`${scheme}: ${why}`);
  const has = (name: keyof typeof TLS_OPTIONS): boolean => options[name] !== undefined;
  if (/[?&]passphrase\b/.test(text)) {
    // Errors and logs show addresses, and the lists of processes show arguments.
    throw new UsageError(
      `${scheme}: a passphrase is a secret, so it is not a part of an address; use { url, passphrase }`,
    );
  }
  for (const name of listens ? (['servername'] as const) : (['clientCertificate'] as const)) {
    if (has(name)) throw wrong(`the option "${name}" is for the side that ${listens ? 'dials' : 'listens'}`);
  }
  const source = sourceOf(scheme, options, wrong);
  const given = typeof source === 'function';
  if (listens && !given && !has('cert')) {
    const example = `${withoutPassword(text).replace(/\?.*$/s, '')}?cert=server.pem&key=server.key`;
    throw wrong(`needs the certificate of this side and its key, as in ${example}, or { url, cert, key }`);
  }
  const verify = (options.verify ?? 'full') as Verify;
  const clientCertificate = options.clientCertificate as TlsSettings['clientCertificate'];
  if (listens && clientCertificate === undefined) {
    for (const name of ['ca', 'fingerprints', 'revoked', 'verify'] as const) {
      if (has(name))
        throw wrong(`the option "${name}" has an effect only with clientCertificate: "require" or "request"`);
    }
  }
  const isChecked = verify === 'full' || verify === 'chain';
  if (clientCertificate !== undefined && isChecked && !given && !has('ca')) {
    throw wrong(
      'the option "clientCertificate" needs "ca", the certificate of the authority that issues those of clients',
    );
  }
  if (verify === 'fingerprint' && !given && !has('fingerprints')) {
    throw wrong('verify: "fingerprint" needs the option "fingerprints", the SHA-256 fingerprints that are accepted');
  }
  if (verify === 'none' && (has('ca') || has('fingerprints'))) {
    throw wrong(
      'with verify: "none" every certificate is accepted, so "ca" and "fingerprints" have no effect; omit it',
    );
  }
  const servername = options.servername as string | undefined;
  if (servername !== undefined && (servername === '' || isIP(servername) !== 0)) {
    throw wrong(`the option "servername" must be the name of a host, as in "example.com", not "${servername}"`);
  }
  return {
    scheme: `${scheme}:`,
    source,
    clientCertificate,
    verify,
    servername,
    minVersion: (options.minVersion ?? 'TLSv1.2') as TlsSettings['minVersion'],
    alpn: readAlpn(alpn, wrong),
  };
}

function sourceOf(scheme: string, options: TlsOptionValues, wrong: (why: string) => UsageError): CertificateSource {
  const { certificates } = options;
  if (certificates !== undefined) {
    if (typeof certificates !== 'function') throw wrong('the option "certificates" must be a function');
    const other = CERTIFICATE_OPTIONS.find((name) => options[name] !== undefined);
    if (other === undefined) return certificates as CertificateSource;
    throw wrong(`the option "certificates" takes the place of "${other}"; return { ${other} } from it`);
  }
  const { cert, key, passphrase } = options;
  if (cert !== undefined && key === undefined)
    throw wrong('the option "cert" needs "key", the key of that certificate');
  if (key !== undefined && cert === undefined)
    throw wrong('the option "key" needs "cert", the certificate of that key');
  if (passphrase !== undefined && key === undefined)
    throw wrong('the option "passphrase" is for an encrypted "key", and there is none');
  for (const name of ['fingerprints', 'revoked'] as const) readFingerprints(`${scheme}:`, name, options[name]);
  return options;
}

function readAlpn(value: unknown, wrong: (why: string) => UsageError): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const list: readonly unknown[] =
    typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [value];
  for (const name of list) {
    if (typeof name !== 'string' || name === '' || Buffer.byteLength(name) > 255)
      throw wrong(
        `the option "alpn" must be a list of names of protocols, as in "obverse", not ${JSON.stringify(value)}`,
      );
  }
  return list as readonly string[];
}
