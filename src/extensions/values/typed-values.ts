import type { Codec } from '../../contract/contract.js';
import type { TypeEntry } from '../../types/values.js';
import { SideValues } from './side-values.js';
import { ValueTypes } from './types.js';

/** The values of a side with these types over this codec. Throws a UsageError for what is no type. */
export function typedValues(entries: readonly TypeEntry[], codec: Codec): SideValues {
  const types = new ValueTypes(entries);
  return new SideValues(types.tags(codec.natives), types.revive);
}
