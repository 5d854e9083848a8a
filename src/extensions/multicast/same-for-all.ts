import type { RpcEndpoint } from '../../api/endpoint.js';
import { ABOUT, speaks } from '../../session/system-names.js';
import type { ReferenceMapper } from '../references/value-mapper.js';
import { references } from '../rooms.js';
import { type Tag, tagged } from '../values/tagged.js';

/**
 * Arguments as they travel to every peer of a side, with values of registered types in the tagged form; undefined if something
 * in them goes by reference, of which each peer has its own.
 */
export function sameForAll(hub: RpcEndpoint, args: readonly unknown[]): readonly unknown[] | undefined {
  const { codec } = hub;
  const mapper = hub.mapper as ReferenceMapper;
  const { goesByReference } = references.there;
  const speaking = speaks(codec, ABOUT);
  let differs = false;
  const tag = (value: object | bigint | number): Tag | undefined => {
    // A stranger gets what the codec makes of it.
    const known = speaking ? mapper.types.tag(value) : undefined;
    if (known === undefined) differs ||= goesByReference(value);
    return known;
  };
  const sent = tagged(args, tag, mapper.mostWritten);
  return differs ? undefined : (sent as readonly unknown[]);
}
