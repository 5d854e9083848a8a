import type { Codec, Message } from '../../src/contract/contract.js';
import { isSpecial, revived, tagged } from '../../src/extensions/values/tagged.js';
import type { ValueTypes } from '../../src/extensions/values/types.js';

/** The standard types that each codec carries natively. */
export const natives: Readonly<Record<string, readonly string[]>> = {
  jrpc: [],
  'jrpc?dialect=quickrpc': ['bytes'],
  terse: ['bytes', 'number'],
  msgpack: ['bytes', 'buffer', 'view', 'bigint', 'date', 'map', 'set'],
  clone: ['bytes', 'buffer', 'view', 'bigint', 'date', 'map', 'set', 'number', 'regexp', 'error'],
};

/** The value in the form in which it is sent, and whether it was put into the tagged form. */
export function sent(
  value: unknown,
  types: ValueTypes,
  left: readonly string[] = [],
): { value: unknown; tagged: boolean } {
  const { kinds, tag } = types.tags(left);
  const instead = isSpecial(value, kinds) ? tagged(value, tag) : value;
  return { value: instead, tagged: instead !== value };
}

/** The value as it arrives on the other side, through a codec. */
export function through(codec: Codec, value: unknown, types: ValueTypes, left: readonly string[] = []): unknown {
  const out = sent(value, types, left);
  const arrived: Message[] = [];
  codec.decode(
    codec.encode({ kind: 'reply', id: 1, value: out.value }),
    (message) => {
      arrived.push(message);
    },
    false,
  );
  const [reply] = arrived;
  if (reply?.kind !== 'reply') throw new Error(`${codec.name} gave ${JSON.stringify(reply)}`);
  return out.tagged ? revived(reply.value, types.revive) : reply.value;
}
