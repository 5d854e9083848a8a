import type { Class } from '../../types/values.js';
import { TypeForm, textOf } from './type-form.js';

/** Those classes of Temporal whose values are data (https://tc39.es/proposal-temporal/). */
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

/** A class of Temporal, as far as it is needed here: its text says all that a value is. */
type FromText = Class & { from(text: string): unknown };
/** The namespace `Temporal`: that of the runtime, or of a polyfill. */
export type TemporalNamespace = Readonly<Record<(typeof NAMES)[number], object>>;

/** A text of Temporal with every annotation is shorter than this. */
const LONGEST = 200;

/**
 * The types of Temporal: dates, times, time zones and durations. {@link standardTypes} has them where the runtime has
 * Temporal; with a polyfill they are given by hand: `types: [standardTypes, temporalTypes(Temporal)]`.
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
