/** A class of typed arrays, or `DataView`. */
export interface ViewClass {
  readonly name: string;
  /** Not for `DataView`. */
  readonly BYTES_PER_ELEMENT?: number;
  new (buffer: ArrayBuffer): ArrayBufferView<ArrayBuffer>;
}

/**
 * The classes of typed arrays. Their order is a part of the format of MessagePack. As in `src/base/typed-arrays.ts`, and apart from it
 * for the reason that `base64.ts` gives.
 */
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
