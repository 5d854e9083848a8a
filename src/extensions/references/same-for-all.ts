import type { Codec } from '../../contract/contract.js';
import { ABOUT, speaks } from '../../session/system/system-names.js';
import type { TypedSide } from '../values/side-values.js';
import { type Tag, tagged } from '../values/tagged.js';
import { goesByReference } from './referable.js';

/**
 * Arguments as they travel to every peer of a side, with values of registered types in the tagged form; undefined if something
 * in them goes by reference, of which each peer has its own.
 */
export function sameForAll(
  { types, mostWritten }: TypedSide,
  codec: Codec,
  args: readonly unknown[],
): readonly unknown[] | undefined {
  const speaking = speaks(codec, ABOUT);
  let differs = false;
  const tag = (value: object | bigint | number): Tag | undefined => {
    // For peers that are not Obverse, the codec encodes them as it can.
    const known = speaking ? types.tag(value) : undefined;
    if (known === undefined) differs ||= goesByReference(value);
    return known;
  };
  const sent = tagged(args, tag, mostWritten);
  return differs ? undefined : (sent as readonly unknown[]);
}
