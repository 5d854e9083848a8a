import { isBytes } from '../../src/base/kinds.js';
import { fromBase64, toBase64 } from '../shared/base64.js';
import type { Replacer } from '../shared/json-text.js';

/*
 * Bytes in the dialect quickrpc: a Uint8Array travels as `{"__bytes": "<base64>"}`, and every object with that key is
 * read as bytes, its other keys ignored. A user object that has this key is therefore escaped: the key gets one more
 * underscore in front, and so do `___bytes`, `____bytes` and so on; the receiver removes it again. A peer that does not
 * know this rule sees `___bytes` in place of `__bytes`, but never mistakes such an object for bytes.
 */
const BYTES = '__bytes';
const TAKEN = /^__+bytes$/;
const ESCAPED = /^___+bytes$/;
/** The key, or an escape sequence that may spell one of its letters. */
const MAY_OCCUR = /__bytes|\\u00[567]/;

type Fields = Record<string, unknown>;

/** For JSON.stringify: writes bytes as an object with the key, and escapes keys that look like it. */
export const bytesOut: Replacer = function (this: unknown, key: string, value: unknown): unknown {
  // Read from the holder: `toJSON` has already been applied to the value of a Buffer.
  const raw = (this as Fields)[key];
  if (isBytes(raw)) return { [BYTES]: toBase64(raw) };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const keys = Object.keys(value);
  return keys.some((name) => TAKEN.test(name)) ? renamed(value as Fields, keys, TAKEN, (name) => `_${name}`) : value;
};

/**
 * Restores the bytes and escaped keys of a parsed value, in place. `text` is the JSON that was parsed. Throws if the
 * key holds anything but base64.
 */
export function bytesIn(value: unknown, text: string): unknown {
  if (typeof value !== 'object' || value === null || !MAY_OCCUR.test(text)) return value;
  const root: Fields = { value };
  const open: Fields[] = [root];
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    for (const [key, inner] of Object.entries(holder)) {
      if (typeof inner !== 'object' || inner === null) continue;
      const restored = restore(inner as Fields);
      holder[key] = restored;
      if (!(restored instanceof Uint8Array)) open.push(restored);
    }
  }
  return root.value;
}

function restore(value: Fields): Fields | Uint8Array {
  if (Array.isArray(value)) return value;
  if (Object.hasOwn(value, BYTES)) return bytesOf(value[BYTES]);
  const keys = Object.keys(value);
  return keys.some((name) => ESCAPED.test(name)) ? renamed(value, keys, ESCAPED, (name) => name.slice(1)) : value;
}

/** A copy in which the matching keys are renamed and keep their position. */
function renamed(value: Fields, keys: readonly string[], which: RegExp, name: (key: string) => string): Fields {
  return Object.fromEntries(keys.map((key) => [which.test(key) ? name(key) : key, value[key]]));
}

function bytesOf(text: unknown): Uint8Array {
  if (typeof text !== 'string') throw new TypeError(`"${BYTES}" holds a string of base64, not ${typeof text}`);
  return fromBase64(text);
}
