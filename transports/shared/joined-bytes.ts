/**
 * Appends bytes to the first `size` ones of `kept`, and returns what holds both at its beginning: `kept` itself while it has room.
 * A piece of any size may hold a large buffer of the system, so pieces are copied. `most`: how many bytes there can be.
 */
export function appended(kept: Uint8Array, size: number, bytes: Uint8Array, most: number): Uint8Array {
  const total = size + bytes.length;
  let room = kept;
  if (kept.length < total || kept.buffer.byteLength > 2 * kept.length) {
    room = new Uint8Array(Math.min(Math.max(2 * size, total), most));
    room.set(kept.subarray(0, size));
  }
  room.set(bytes, size);
  return room;
}
