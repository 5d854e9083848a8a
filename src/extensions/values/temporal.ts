import type { Class } from '../../types/values.js';
import { TypeForm, textOf } from './type-form.js';

/** The classes of Temporal whose values are data (https://tc39.es/proposal-temporal/). */
const NAMES = [
  'Instant',
  'ZonedDateTime',
  'PlainDateTime',
  'PlainDate',
  'PlainTime',
  'PlainYearMonth',
  'PlainMonthDay',
  'Duration',
] as const;

/** A class of Temporal. The text of a value represents it completely. */
type FromText = Class & { from(text: string): unknown };
/** The namespace `Temporal`: that of the runtime, or of a polyfill. */
export type TemporalNamespace = Readonly<Record<(typeof NAMES)[number], object>>;

/** The text of a value, with every annotation, is shorter. */
const LONGEST = 200;

/**
 * The types of Temporal: dates, times, time zones and durations. {@link standardTypes} has them where the runtime has
 * Temporal; with a polyfill, pass them explicitly: `types: [standardTypes, temporalTypes(Temporal)]`.
 */
export function temporalTypes(temporal: TemporalNamespace): readonly TypeForm[] {
  return NAMES.map((name) => {
    const of = temporal[name] as FromText;
    const pack = (value: object): readonly unknown[] => [String(value)];
    return new TypeForm(`Temporal.${name}`, of, pack, (payload) => of.from(textOf(payload, LONGEST)), true);
  });
}

/** Those of the runtime, if it has any. */
export function temporalOfRuntime(): readonly TypeForm[] {
  const { Temporal } = globalThis as { readonly Temporal?: TemporalNamespace };
  return Temporal === undefined ? [] : temporalTypes(Temporal);
}
