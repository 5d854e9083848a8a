/**
 * What errors of TLS mean and what to do, by the codes of Node and OpenSSL. An alert has been sent by the other side.
 */
export const TLS_HINTS: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER:
    'the other side does not speak TLS; check the address, and that both sides use TLS or neither does',
  ERR_SSL_PACKET_LENGTH_TOO_LONG:
    'the other side does not speak TLS; check the address, and that both sides use TLS or neither does',
  ERR_SSL_HTTP_REQUEST: 'the other side sent an HTTP request without TLS; use https: or another port',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    'the other side requires a certificate of this one; specify "cert" and "key"',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the other side has sent no certificate, and this one requires it',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA:
    'the other side does not trust the authority that issued the certificate of this one; it must be in the "ca" there',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'the other side refuses the certificate of this one; its log has the reason',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'the certificate of this side has expired; renew it, or check the clocks',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: 'the certificate of this side is revoked; use another one',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    'the other side refuses the certificate of this one; it must trust its authority',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    'the other side supports no version or cipher of this one, or requires a certificate; check "minVersion", "cert" and "key"',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION:
    'the other side does not support the version of TLS of this one; check "minVersion" of both',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the other side offers only versions of TLS below "minVersion" of this one',
  ERR_SSL_NO_SHARED_CIPHER: 'both sides have no cipher in common; check their versions of TLS',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'the other side knows none of the protocols in "alpn"',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'the other side offers none of the protocols in "alpn" of this one',
};
