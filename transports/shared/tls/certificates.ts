import { constants, createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import tls, { type SecureContextOptions } from 'node:tls';
import { printable, quote } from '../../../src/base/quote.js';
import type { Logger } from '../../../src/contract/contract.js';
import { UsageError } from '../../../src/contract/errors.js';
import { PemFiles } from './files.js';
import { readFingerprints } from './fingerprints.js';

/** The options that may change while a side is open. */
export const CERTIFICATE_OPTIONS = ['cert', 'key', 'passphrase', 'ca', 'fingerprints', 'revoked'] as const;

/** What a side identifies itself by, and whom it trusts. Each certificate or key is a file or PEM. */
export type CertificateSet = { readonly [N in (typeof CERTIFICATE_OPTIONS)[number]]?: unknown };

/** A set, or a function that returns the present one. */
export type CertificateSource = CertificateSet | (() => CertificateSet);

/** Certificates that were loaded and checked. */
export interface LoadedCertificates {
  readonly secure: SecureContextOptions;
  readonly fingerprints: ReadonlySet<string> | undefined;
  readonly revoked: ReadonlySet<string> | undefined;
}

const CERTIFICATE = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----.+?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/gs;
/** How much of a text that is not PEM is shown. */
const SHOWN = 40;

interface Texts {
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly passphrase: string | undefined;
  readonly ca: string[] | undefined;
  readonly fingerprints: readonly string[] | undefined;
  readonly revoked: readonly string[] | undefined;
}

/**
 * The certificates of one transport. Files that have changed are read again, and a function is called again, each time
 * they are asked for. What cannot be used is reported, and the certificates before it stay.
 */
export class Certificates {
  private readonly files = new PemFiles();
  private loaded: LoadedCertificates | undefined;
  /** What `loaded` was made of. */
  private before = '';
  /** What could not be used, and why. */
  private failed = '';
  private failure: Error | undefined;
  private reported: string | undefined;

  /**
   * `scheme` begins the texts of errors; `where` is the address, for reports.
   */
  constructor(
    private readonly scheme: string,
    private readonly source: CertificateSource,
    private readonly base: Pick<SecureContextOptions, 'minVersion' | 'secureOptions'>,
    private readonly logger: Logger,
    private readonly where: () => string,
  ) {}

  /**
   * The present certificates: the same object until they change. Throws a UsageError if the first ones cannot be used.
   */
  current(): LoadedCertificates {
    try {
      const loaded = this.load();
      this.reported = undefined;
      return loaded;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (this.loaded === undefined)
        throw error instanceof UsageError ? error : new UsageError(`${this.scheme} ${text}`, { cause: error });
      if (text !== this.reported) {
        this.reported = text;
        this.logger.error(
          `${this.where()} keeps its previous certificates, because the new ones cannot be used: ${text}`,
        );
      }
      return this.loaded;
    }
  }

  private load(): LoadedCertificates {
    const texts = this.read(typeof this.source === 'function' ? asked(this.scheme, this.source) : this.source);
    const now = JSON.stringify(texts);
    if (this.loaded !== undefined && now === this.before) return this.loaded;
    if (this.failure !== undefined && now === this.failed) throw this.failure;
    try {
      const loaded = this.check(texts);
      this.loaded = loaded;
      this.before = now;
      this.failure = undefined;
      return loaded;
    } catch (error) {
      this.failed = now;
      this.failure = error as Error;
      throw error;
    }
  }

  private read(set: CertificateSet): Texts {
    for (const name of Object.keys(set)) {
      if (!(CERTIFICATE_OPTIONS as readonly string[]).includes(name) && typeof this.source === 'function')
        throw this.wrong(`"certificates" returned an unknown "${name}"; there are ${CERTIFICATE_OPTIONS.join(', ')}`);
    }
    const { cert, key, ca, passphrase } = set;
    if ((cert === undefined) !== (key === undefined))
      throw this.wrong(
        `the options "cert" and "key" belong together, and "${cert === undefined ? 'cert' : 'key'}" is missing`,
      );
    const list = (value: unknown): string | undefined =>
      value === undefined
        ? undefined
        : each(value)
            .map((one) => this.text('cert', one))
            .join('\n');
    return {
      cert: list(cert),
      key: key === undefined ? undefined : this.text('key', key),
      passphrase: passphrase as string | undefined,
      ca: ca === undefined ? undefined : each(ca).map((one) => this.text('ca', one)),
      fingerprints: listed(readFingerprints(this.scheme, 'fingerprints', set.fingerprints)),
      revoked: listed(readFingerprints(this.scheme, 'revoked', set.revoked)),
    };
  }

  /** The PEM in a file or a value. */
  private text(name: 'cert' | 'key' | 'ca', value: unknown): string {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
    if (typeof value !== 'string' || value === '')
      throw this.wrong(`the option "${name}" must be the path of a file, or PEM as a string or a Buffer`);
    return value.includes('-----BEGIN') ? value : this.files.read(`${this.scheme} the option "${name}"`, value);
  }

  private check({ cert, key, passphrase, ca, fingerprints, revoked }: Texts): LoadedCertificates {
    const leaf = cert === undefined ? undefined : this.certificatesIn('cert', cert)[0];
    for (const text of ca ?? []) this.certificatesIn('ca', text);
    if (leaf !== undefined && key !== undefined) this.checkKey(leaf, key, passphrase);
    const secure: SecureContextOptions = {
      ...this.base,
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(passphrase !== undefined && { passphrase }),
      ...(ca !== undefined && { ca }),
    };
    try {
      tls.createSecureContext(secure);
    } catch (cause) {
      throw this.wrong(`the certificate or the key cannot be used: ${textOf(cause)}`, cause);
    }
    if (leaf !== undefined) this.checkDates(leaf);
    return { secure, fingerprints: fingerprints && new Set(fingerprints), revoked: revoked && new Set(revoked) };
  }

  private certificatesIn(name: 'cert' | 'ca', text: string): X509Certificate[] {
    const blocks = text.match(CERTIFICATE);
    if (blocks === null) {
      // The first line of a key is no secret; the others are.
      const begins = quote(text.slice(0, SHOWN).split('\n', 1)[0] ?? '');
      throw this.wrong(
        `the option "${name}" has no certificate: expected -----BEGIN CERTIFICATE-----, but it begins with ${begins}`,
      );
    }
    return blocks.map((block) => {
      try {
        return new X509Certificate(block);
      } catch (cause) {
        throw this.wrong(`a certificate in the option "${name}" is damaged: ${textOf(cause)}`, cause);
      }
    });
  }

  private checkKey(leaf: X509Certificate, key: string, passphrase: string | undefined): void {
    let privateKey: KeyObject;
    try {
      privateKey = createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) });
    } catch (cause) {
      if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key))
        throw this.wrong('the option "key" has no private key: expected -----BEGIN PRIVATE KEY-----', cause);
      const isEncrypted = /ENCRYPTED/.test(key);
      if (isEncrypted && passphrase === undefined)
        throw this.wrong('the key is encrypted; specify the option "passphrase"', cause);
      if (isEncrypted) throw this.wrong('the key cannot be decrypted; check the option "passphrase"', cause);
      throw this.wrong(`the key is damaged: ${textOf(cause)}`, cause);
    }
    const own = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
    if (!own.equals(leaf.publicKey.export({ type: 'spki', format: 'der' }))) {
      throw this.wrong(
        `the key in "key" does not belong to the certificate in "cert" (${subjectOf(leaf)}); the certificate of this side is the first one in "cert", before those of authorities`,
      );
    }
  }

  /** A certificate that peers will refuse is used, because their clocks may differ, but reported. */
  private checkDates(leaf: X509Certificate): void {
    const now = Date.now();
    const problem =
      Date.parse(leaf.validTo) < now
        ? `was valid until ${leaf.validTo}`
        : Date.parse(leaf.validFrom) > now
          ? `is valid only from ${leaf.validFrom}`
          : undefined;
    if (problem !== undefined)
      this.logger.warn(
        `${this.where()}: the certificate of this side (${subjectOf(leaf)}) ${problem}; peers will refuse it`,
      );
  }

  private wrong(why: string, cause?: unknown): UsageError {
    return new UsageError(`${this.scheme} ${why}`, cause === undefined ? undefined : { cause });
  }
}

/**
 * The options against stale sessions: a resumed session is not checked again, neither for the dates of the certificate
 * of its peer nor for the authorities that are trusted now, and under TLS 1.3 may have none at all.
 */
export const NO_TICKETS: number = constants.SSL_OP_NO_TICKET;

function asked(scheme: string, source: () => CertificateSet): CertificateSet {
  let set: unknown;
  try {
    set = source();
  } catch (cause) {
    throw new UsageError(`${scheme} the function "certificates" has thrown ${textOf(cause)}`, { cause });
  }
  if (typeof set === 'object' && set !== null && !('then' in set)) return set as CertificateSet;
  throw new UsageError(
    `${scheme} the function "certificates" must return { cert, key, ca, … } at once, not a promise or anything else; load what takes time elsewhere, and return the latest`,
  );
}

function each(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function listed(set: ReadonlySet<string> | undefined): readonly string[] | undefined {
  return set && [...set];
}

function subjectOf({ subject }: X509Certificate): string {
  return printable((subject ?? '').trim().replaceAll('\n', ', '), 100);
}

function textOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error));
}
