/** What a transport knows of a link, by name; each transport documents its names. */
export interface LinkInfo {
  readonly [name: string]: unknown;
  /** Of a link over TLS. */
  readonly tls?: TlsInfo;
}

/** What is known of a connection over TLS: `peer.info.tls`. */
export interface TlsInfo {
  /** The version: `TLSv1.3`. */
  readonly protocol: string | null;
  /** The name of the cipher. */
  readonly cipher: string | undefined;
  /** Whether the certificate of the peer was checked: by an authority that this side trusts, or by its fingerprint alone. */
  readonly authorized: boolean;
  /** The negotiated protocol of ALPN, if there is one. */
  readonly alpn?: string;
  /** The certificate of the peer, if it has sent one. */
  readonly certificate?: CertificateInfo;
}

/** A certificate, in the form of Node. */
export interface CertificateInfo {
  readonly [field: string]: unknown;
  readonly subject: CertificateName;
  readonly issuer: CertificateName;
  /** The names and addresses for which it is valid: `DNS:example.com, IP Address:127.0.0.1`. */
  readonly subjectaltname?: string | undefined;
  readonly valid_from: string;
  readonly valid_to: string;
  /** The SHA-256 fingerprint: `AB:CD:…`. */
  readonly fingerprint256: string;
}

/** A name in a certificate, by the short names of its parts. */
export interface CertificateName {
  readonly [part: string]: string | string[] | undefined;
  /** The common name. */
  readonly CN?: string;
}
