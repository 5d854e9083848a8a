import { isSpecial, NOTHING_MORE, type Wants } from './special.js';
import type { Reviver, Tagger } from './tagged.js';
import type { TypeTags } from './types.js';
import { unknownTag } from './unknown-tag.js';

/** What becomes of the values of a side that are more than plain data, on the way out and on the way in. */
export class SideValues {
  /** For `tagged`. */
  readonly tag: Tagger;
  /** For `revived`. */
  readonly revive: Reviver;
  private readonly wants: Wants;

  constructor({ wants, tag }: TypeTags, revive: Reviver) {
    this.wants = wants;
    this.tag = tag;
    this.revive = revive;
  }

  /** Whether something in values that are to be sent may be more than plain data. */
  isSpecial(values: unknown): boolean {
    try {
      return isSpecial(values, this.wants);
    } catch {
      // A getter has thrown: it will throw again when the message is encoded, and be told there.
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
export const plainValues: SideValues = new SideValues({ wants: NOTHING_MORE, tag: () => undefined }, (tag) => {
  throw unknownTag(tag);
});
