type IsAscii = (bytes: Uint8Array) => boolean;
interface Runtime {
  readonly process?: { readonly getBuiltinModule?: (name: 'buffer') => { readonly isAscii?: IsAscii } };
}

/** From this size on, Node keeps a Latin-1 text outside of its heap, and creates it in a tenth of the time. */
const LARGE = 1_000_000;

const isAscii = /* @__PURE__ */ ofRuntime();

function ofRuntime(): IsAscii | undefined {
  return (globalThis as Runtime).process?.getBuiltinModule?.('buffer')?.isAscii;
}

/** The text of a part of the bytes, which are UTF-8. */
export function utf8Text(bytes: Buffer, from = 0, to: number = bytes.length): string {
  const ascii = to - from >= LARGE && isAscii?.(bytes.subarray(from, to));
  return bytes.toString(ascii === true ? 'latin1' : 'utf8', from, to);
}
