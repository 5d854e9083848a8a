import type { PeerCertificate, TLSSocket } from 'node:tls';
import { printable } from '../../../src/base/quote.js';
import type { LoadedCertificates } from './certificates.js';
import { fingerprintOf } from './fingerprints.js';
import type { TlsSettings } from './options.js';

/** The certificate of the other end; undefined if it has sent none. */
export function certificateOf(socket: Pick<TLSSocket, 'getPeerCertificate'>): PeerCertificate | undefined {
  const certificate = socket.getPeerCertificate() as PeerCertificate | null | undefined;
  // A peer without a certificate has an empty one.
  return certificate && Object.keys(certificate).length > 0 ? certificate : undefined;
}

/** The connections whose peers were accepted by their fingerprints alone. */
const byFingerprint = new WeakSet<object>();

/** Whether the certificate of the other end was checked: by its authority, or, as `verify: 'fingerprint'` specifies, by its fingerprint. */
export function isAuthorized(socket: TLSSocket): boolean {
  return socket.authorized === true || byFingerprint.has(socket);
}

/** Why the certificate of a peer is not accepted. */
export interface CertificateRefusal {
  /** For this side: what is wrong, and what to do. */
  readonly text: string;
  /** For the peer, in a few words: its program may show only the beginning. */
  readonly brief: string;
}

/**
 * Why the peer at the other end is not accepted, once the handshake is complete. Undefined if it is accepted. `who` is
 * the peer in the text.
 */
export function refusalOf(
  socket: TLSSocket,
  settings: Pick<TlsSettings, 'verify' | 'clientCertificate'>,
  { fingerprints, revoked }: LoadedCertificates,
  who: 'the client' | 'the server',
): CertificateRefusal | undefined {
  const { verify, clientCertificate } = settings;
  if (who === 'the client' && clientCertificate === undefined) return undefined;
  if (typeof socket.getPeerCertificate !== 'function') {
    const text =
      'this runtime does not show the certificates of peers here, so "clientCertificate" needs Node, or tls:';
    return { text, brief: text };
  }
  const certificate = certificateOf(socket);
  if (certificate === undefined) {
    if (who === 'the client' && clientCertificate === 'request') return undefined;
    return {
      text: `${who} has sent no certificate, which this side requires; specify "cert" and "key" there`,
      brief: 'a client certificate is required: specify "cert" and "key"',
    };
  }
  const refused = (text: string, brief: string): CertificateRefusal => ({
    text,
    brief: `the client certificate is refused: ${brief}`,
  });
  if ((verify === 'full' || verify === 'chain') && socket.authorized !== true) {
    const code = codeIn(socket.authorizationError);
    return refused(problemOf(code, certificate, who), code);
  }
  if (fingerprints === undefined && revoked === undefined && verify !== 'fingerprint') return undefined;
  const fingerprint = fingerprintOf(certificate);
  const whose = `the certificate of ${who} (${subjectOf(certificate)})`;
  if (fingerprint === undefined)
    return refused(`this runtime does not show the fingerprint of ${whose}`, 'no fingerprint');
  if (revoked?.has(fingerprint) === true)
    return refused(`${whose} is revoked (option "revoked"); it needs another one`, 'it is revoked');
  if (fingerprints?.has(fingerprint) ?? verify !== 'fingerprint') {
    if (verify === 'fingerprint') byFingerprint.add(socket);
    return undefined;
  }
  return refused(
    `${whose} has the fingerprint ${fingerprint}, which is not in the option "fingerprints"; if it is the right one, add it there`,
    'its fingerprint is not accepted',
  );
}

/** What is wrong with a certificate, by the code of Node or OpenSSL, and what to do. */
export function problemOf(
  code: string,
  certificate: Partial<PeerCertificate> | undefined,
  who: string,
  host = '',
): string {
  const whose = `the certificate of ${who}${certificate === undefined ? '' : ` (${subjectOf(certificate)})`}`;
  const text = (): string => {
    switch (code) {
      case 'CERT_HAS_EXPIRED':
        return isOver(certificate)
          ? `${whose} was valid until ${certificate?.valid_to}; renew it, or check the clocks`
          : `${whose}, or one of those that it was issued by, has expired; renew it, or check the clocks`;
      case 'CERT_NOT_YET_VALID':
        return `${whose} is valid only from ${certificate?.valid_from}; check the clocks`;
      case 'DEPTH_ZERO_SELF_SIGNED_CERT':
        return `${whose} is self-signed, and this side does not trust it; put it into the option "ca", or its fingerprint ${certificate === undefined ? '' : fingerprintOf(certificate)} into "fingerprints" with verify: "fingerprint"`;
      case 'SELF_SIGNED_CERT_IN_CHAIN':
      case 'UNABLE_TO_GET_ISSUER_CERT':
      case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
        return `${whose} was issued by an authority that this side does not trust${certificate === undefined ? '' : ` (${nameOf(certificate.issuer)})`}; put the certificate of that authority into the option "ca"; certificates between the two belong into the "cert" of ${who}`;
      case 'INVALID_PURPOSE':
        return `${whose} is not made for this use; its extended key usage must have ${who === 'the server' ? 'serverAuth' : 'clientAuth'}`;
      case 'ERR_TLS_CERT_ALTNAME_INVALID':
        return `${whose} is for ${printable(certificate?.subjectaltname ?? 'no host')}, but ${host} was dialed; dial one of these names, or specify it as "servername"`;
      case 'CERT_SIGNATURE_FAILURE':
        return `${whose} is not signed by the authority that it names; check the option "ca"`;
      default:
        return `${whose} is not accepted`;
    }
  };
  return `${text()} (${code})`;
}

/** The code in an error of the verification, which is a text in Node. */
export function codeIn(error: unknown): string {
  if (typeof error === 'string') return error;
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'not verified';
}

function isOver(certificate: Partial<PeerCertificate> | undefined): boolean {
  return certificate?.valid_to !== undefined && Date.parse(certificate.valid_to) < Date.now();
}

function subjectOf(certificate: Partial<PeerCertificate>): string {
  return nameOf(certificate.subject);
}

function nameOf(name: PeerCertificate['subject'] | undefined): string {
  const shown = name?.CN ?? name?.O;
  return shown === undefined ? 'no name' : printable(`CN=${String(shown)}`, 80);
}
