import type { Hub } from '../../api/endpoint.js';
import { ABOUT, speaks } from '../../session/system-names.js';
import { mostWritten } from '../references/passes.js';
import { references } from '../rooms.js';
import { type Tag, tagged } from '../values/tagged.js';

/**
 * Arguments as they travel to every peer of a side, with values of registered types in the tagged form; undefined if something
 * in them goes by reference, of which each peer has its own.
 */
export function sameForAll(hub: Hub, args: readonly unknown[]): readonly unknown[] | undefined {
  const { codec, values } = hub;
  const { goesByReference } = references.there;
  const speaking = speaks(codec, ABOUT);
  let differs = false;
  const tag = (value: object | bigint | number): Tag | undefined => {
    // A stranger gets what the codec makes of it.
    const known = speaking ? values.tag(value) : undefined;
    if (known === undefined) differs ||= goesByReference(value);
    return known;
  };
  const sent = tagged(args, tag, mostWritten(hub));
  return differs ? undefined : (sent as readonly unknown[]);
}
