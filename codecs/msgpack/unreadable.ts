import type { Id, Meaning, Message } from '../../src/contract/contract.js';
import { Code } from '../../src/contract/errors.js';
import { endOfValue } from '../shared/msgpack/tokens.js';
import { Malformed, unpackAll } from '../shared/msgpack/values.js';
import { wrongKey } from './keys.js';
import { bad, isId } from './rpc.js';

const [REQUEST, RESPONSE, NOTIFICATION] = [0, 1, 2];

/**
 * Replaces a message whose values cannot be read, because reading them threw `thrown`. A request is refused under its
 * id; for a response, its caller gets an error at once rather than after a timeout.
 */
export function unreadable(bytes: Uint8Array, thrown: unknown): Message {
  const key = wrongKeyIn(bytes);
  const why = key ?? whyNot(thrown);
  const kind = bytes[0] === 0x94 ? bytes[1] : undefined;
  const id = kind === REQUEST || kind === RESPONSE ? idIn(bytes) : undefined;
  if (kind === RESPONSE && id !== undefined)
    return { kind: 'fault', id, error: { code: Code.InternalError, message: `the answer cannot be read: ${why}` } };
  const lost = bytes[0] === 0x93 && bytes[1] === NOTIFICATION ? lostWith(bytes) : undefined;
  const refused = bad(id ?? null, why);
  const error = key === undefined ? refused.error : { ...refused.error, message: key };
  return { ...refused, error, ...(lost !== undefined && { lost }) };
}

function wrongKeyIn(bytes: Uint8Array): string | undefined {
  try {
    return wrongKey(bytes);
  } catch {
    // It is nested too deep to be walked, and that is why it could not be read.
    return undefined;
  }
}

/** The texts of msgpackr are meant for its users. */
function whyNot(error: unknown): string {
  if (error instanceof Malformed) return error.message;
  return error instanceof RangeError ? 'its values are nested too deep' : 'its values cannot be decoded';
}

/** The id of a request or a response that cannot be read further. */
function idIn(bytes: Uint8Array): Id | undefined {
  const id = valueAt(bytes, 2);
  return isId(id) ? id : undefined;
}

/** The method of a notification that cannot be read further. */
function lostWith(bytes: Uint8Array): Meaning | undefined {
  const method = valueAt(bytes, 2);
  if (typeof method !== 'string') return undefined;
  const params = endOfValue(bytes, 2);
  const hasFirst = bytes[params]! > 0x90 && bytes[params]! < 0xa0;
  return { method, args: hasFirst ? [valueAt(bytes, params + 1)] : [] };
}

function valueAt(bytes: Uint8Array, from: number): unknown {
  try {
    return unpackAll(bytes.subarray(from, endOfValue(bytes, from)), false)[0];
  } catch {
    return undefined;
  }
}
