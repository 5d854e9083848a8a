import type net from 'node:net';
import { printable } from '../../../src/base/quote.js';
import { ConnectionLost } from '../../../src/contract/errors.js';
import { markPermanent } from '../../../src/contract/permanent.js';

/** What begins the only line of an Obverse side that refuses a connection. */
const BEGINNING = '(obverse) ';
/** How many characters of the reason are shown. */
const LONGEST = 500;
/** Files of certificates are read again for each attempt, and clocks go on. */
const DATES = /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/;

/**
 * Calls `refused` with the reason if the first bytes that come from a dialed server are the line with which it refuses the connection,
 * before any other listener of `data` receives them. Every attempt would meet that again, unless the dates of a certificate are the reason.
 */
export function watchRefusal(socket: net.Socket, peer: string, refused: (reason: ConnectionLost) => void): void {
  socket.once('data', (chunk: Uint8Array) => {
    // Compared by its first byte, which is that of no codec, before it is decoded.
    if (chunk[0] !== BEGINNING.charCodeAt(0)) return;
    const text = Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(chunk.length, LONGEST)).toString('utf8');
    if (!text.startsWith(BEGINNING)) return;
    const why = printable(text.slice(BEGINNING.length).split('\n', 1)[0] ?? '', LONGEST);
    const reason = new ConnectionLost(`${peer} refused the connection: ${why}`);
    refused(DATES.test(why) ? reason : markPermanent(reason));
  });
}
