/*
 * As `src/base/base64.ts`, for codecs: a page loads with the core whatever the core and a codec have in common, even if it uses
 * neither the codec nor the value types.
 */

/** How many bytes become arguments of one call: engines limit the number of arguments. */
const PIECE = 0x8000;

/** Bytes in base64: the standard alphabet, padded. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += PIECE) binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(binary);
}

/** The bytes of a base64 text. Throws what `atob` throws for any other text. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
