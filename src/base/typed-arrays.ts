/** A class of typed arrays, or `DataView`. */
export interface ViewClass {
  readonly name: string;
  /** Not for `DataView`. */
  readonly BYTES_PER_ELEMENT?: number;
  new (buffer: ArrayBuffer): ArrayBufferView<ArrayBuffer>;
}

/** The classes of typed arrays. Codecs have their own list, see `codecs/shared/base64.ts`. */
export const typedArrays: readonly ViewClass[] = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

/** The name of the class of a typed array or a DataView. A Buffer is a Uint8Array, and so is an array of another realm. */
export function viewName(view: ArrayBufferView): string {
  return (view as { readonly [Symbol.toStringTag]?: string })[Symbol.toStringTag] as string;
}

/** Whether this machine stores the highest byte of a number first. */
export const isBigEndian: boolean = /* @__PURE__ */ storesHighestFirst();

function storesHighestFirst(): boolean {
  return new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;
}

/**
 * Elements travel with their lowest byte first. Where the machine stores them otherwise, reverses the bytes of each element in place;
 * does nothing elsewhere. Returns the bytes.
 */
export function toLittleEndian<B extends Uint8Array>(bytes: B, elementSize: number): B {
  if (isBigEndian && elementSize > 1) {
    for (let at = 0; at < bytes.length; at += elementSize) bytes.subarray(at, at + elementSize).reverse();
  }
  return bytes;
}
