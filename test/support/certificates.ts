import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';

/*
 * Certificates of X.509 (RFC 5280) for tests, made each time: none is in the repository. Only what the tests need of the
 * encoding DER (X.690) is here.
 */

/** A certificate and its key, in PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  /** The SHA-256 fingerprint, as Node writes it. */
  readonly fingerprint: string;
}

/** What is in a certificate. */
export interface Contents {
  /** The common name. */
  readonly name?: string;
  /** The hosts that it is valid for: names, and addresses. */
  readonly hosts?: readonly string[];
  readonly from?: Date;
  readonly to?: Date;
  /** What it may be used for; by default anything. */
  readonly usage?: 'server' | 'client';
}

/** An authority that issues certificates. */
export interface Authority extends Identity {
  issue(contents?: Contents): Identity;
  /** An authority below this one. */
  below(name: string): Authority;
}

const DAY = 24 * 3_600_000;
const usages = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' };

/** An authority that nobody trusts without its certificate. */
export function authority(name = 'test authority'): Authority {
  return authorityOf(name, undefined);
}

/** A certificate that no authority has issued. */
export function selfSigned(contents: Contents = {}): Identity {
  return make({ hosts: ['127.0.0.1', 'localhost'], ...contents }, undefined, false).identity;
}

interface Issuer {
  readonly name: string;
  readonly key: KeyObject;
}

function authorityOf(name: string, issuer: Issuer | undefined): Authority {
  const { identity, key } = make({ name }, issuer, true);
  const self = { name, key };
  return {
    ...identity,
    issue: (contents = {}) => make({ hosts: ['127.0.0.1', 'localhost'], ...contents }, self, false).identity,
    below: (other) => authorityOf(other, self),
  };
}

function make(contents: Contents, issuer: Issuer | undefined, isAuthority: boolean) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const { name = 'test', hosts = [], from = new Date(Date.now() - DAY), to = new Date(Date.now() + DAY) } = contents;
  const extensions = [
    extension('2.5.29.19', sequence(...(isAuthority ? [der(0x01, Buffer.from([0xff]))] : []))),
    ...(hosts.length > 0 ? [extension('2.5.29.17', sequence(...hosts.map(hostName)))] : []),
    ...(contents.usage === undefined ? [] : [extension('2.5.29.37', sequence(oid(usages[contents.usage])))]),
  ];
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(8)])),
    algorithm,
    distinguished(issuer?.name ?? name),
    sequence(date(from), date(to)),
    distinguished(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, issuer?.key ?? privateKey);
  const whole = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const hash = createHash('sha256').update(whole).digest('hex').toUpperCase();
  const identity: Identity = {
    cert: `-----BEGIN CERTIFICATE-----\n${(whole.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    fingerprint: (hash.match(/../g) ?? []).join(':'),
  };
  return { identity, key: privateKey };
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = rest.flatMap((part) => {
    const digits = [part & 127];
    for (let left = part >> 7; left > 0; left >>= 7) digits.unshift((left & 127) | 128);
    return digits;
  });
  return der(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

function distinguished(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(name)))));
}

/** UTCTime until 2049, as the standard demands. */
function date(at: Date): Buffer {
  return der(0x17, Buffer.from(`${at.toISOString().replace(/\D/g, '').slice(2, 14)}Z`));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), der(0x04, value));
}

function hostName(host: string): Buffer {
  if (isIP(host) === 0) return der(0x82, Buffer.from(host));
  if (isIPv4(host)) return der(0x87, Buffer.from(host.split('.').map(Number)));
  if (host !== '::1') throw new Error(`a test has only the address ::1 of IPv6, not ${host}`);
  return der(0x87, Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]));
}
