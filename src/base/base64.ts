/** Node's `Buffer`, which is faster; elsewhere `btoa` and `atob` do the same. */
const NodeBuffer = /* @__PURE__ */ nodeBuffer();

function nodeBuffer(): typeof Buffer | undefined {
  return (globalThis as { readonly Buffer?: typeof Buffer }).Buffer;
}

/** How many bytes become arguments of one call: engines limit the number of arguments. */
const PIECE = 0x8000;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Bytes in base64: the standard alphabet, padded. */
export function toBase64(bytes: Uint8Array): string {
  if (NodeBuffer !== undefined)
    return NodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  let binary = '';
  for (let at = 0; at < bytes.length; at += PIECE) binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(binary);
}

/** Whether a text is base64 in the standard alphabet, padded. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && BASE64.test(text);
}

/**
 * The bytes of a base64 text, in memory of their own. Takes what `atob` takes, so white space and missing padding, too; throws what
 * `atob` throws for anything else.
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  // A Buffer ignores characters that are not base64: those texts are left to `atob`, which throws.
  if (NodeBuffer !== undefined && isBase64(text)) {
    const buffer = NodeBuffer.from(text, 'base64');
    // A small Buffer is a view of memory that it shares with others.
    return buffer.byteLength === buffer.buffer.byteLength
      ? new Uint8Array(buffer.buffer as ArrayBuffer)
      : Uint8Array.from(buffer);
  }
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
