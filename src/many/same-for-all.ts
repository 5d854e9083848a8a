import { ABOUT, speaks } from '../extensions.js';
import type { Hub } from '../hub.js';
import { references } from '../rooms.js';
import { tagged } from '../values/tagged.js';

/**
 * Arguments as they travel to every peer of a side, with values of registered types in the tagged form; undefined if something
 * in them goes by reference, of which each peer has its own.
 */
export function sameForAll({ codec, values }: Hub, args: readonly unknown[]): readonly unknown[] | undefined {
  const { goesByReference } = references.there;
  const speaking = speaks(codec, ABOUT);
  let differs = false;
  const sent = tagged(args, (value) => {
    // A stranger gets what the codec makes of it.
    const known = speaking ? values.tag(value) : undefined;
    if (known === undefined) differs ||= goesByReference(value);
    return known;
  });
  return differs ? undefined : (sent as readonly unknown[]);
}
