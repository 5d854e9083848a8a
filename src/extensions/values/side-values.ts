import { isSpecial, NO_TYPES, type TaggedKinds } from './special.js';
import type { Reviver, Tagger } from './tagged.js';
import type { CodecTags } from './types.js';
import { unknownTag } from './unknown-tag.js';

/** How a side tags values that are not plain data, and revives them. */
export class SideValues {
  /** For `tagged`. */
  readonly tag: Tagger;
  /** For `revived`. */
  readonly revive: Reviver;
  private readonly kinds: TaggedKinds;

  constructor({ kinds, tag }: CodecTags, revive: Reviver) {
    this.kinds = kinds;
    this.tag = tag;
    this.revive = revive;
  }

  /** Whether values to be sent may contain something that is not plain data. */
  isSpecial(values: unknown): boolean {
    try {
      return isSpecial(values, this.kinds);
    } catch {
      // A getter has thrown: it throws again when the message is encoded, and the error is reported there.
      return false;
    }
  }
}

/** A side whose values are put into the tagged form. */
export interface TypedSide {
  /** The value types of the side: those of its options once it is open. */
  readonly types: SideValues;
  /** How many bytes values may be where the codec writes an object as often as it occurs. */
  readonly mostWritten: number;
}

/** Where no types are registered. */
export const plainValues: SideValues = new SideValues({ kinds: NO_TYPES, tag: () => undefined }, (tag) => {
  throw unknownTag(tag);
});
