import { medianInterval, spread } from '../statistics.js';

/** Something that is called: returns when one call was answered. */
export type Call = () => Promise<unknown>;

/** One that is measured beside others, in the same run. */
export interface Contestant {
  readonly name: string;
  /** Connects; `close` ends that. */
  open(): Promise<{ readonly call: Call; close(): Promise<unknown> }>;
}

/** A ratio, and what it must be at least, if there is a bar for it. */
export interface Bar {
  readonly of: string;
  readonly to: string;
  readonly least?: number;
}

export interface Plan {
  readonly contestants: readonly Contestant[];
  readonly bars: readonly Bar[];
  /** How many calls are open at a time. */
  readonly inFlight: number;
  readonly rounds: number;
  /** How long one measurement takes, in ms. */
  readonly ms: number;
}

/** The value of a bar, printed with whether it is met; returns that. */
export function judge(
  what: string,
  value: number,
  bar: { readonly least: number } | { readonly most: number },
): boolean {
  const isMet = 'least' in bar ? value >= bar.least : value <= bar.most;
  const bound = 'least' in bar ? `at least ${bar.least}` : `at most ${bar.most}`;
  console.log(`  ${what}: ${value.toFixed(2)} (${bound}): ${isMet ? 'met' : 'missed'}`);
  return isMet;
}

/** The same, another one first in each round: who is first may find caches that the last one of the round before has filled. */
export function rotated<T>(list: readonly T[], round: number): readonly T[] {
  const at = round % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

/** The ratios of the rounds. */
export function ratiosOf(of: readonly number[], to: readonly number[]): readonly number[] {
  return of.map((value, at) => value / (to[at] as number));
}

/** The median of the ratios of the rounds. */
export function ratioOf(of: readonly number[], to: readonly number[]): number {
  return spread(ratiosOf(of, to)).median;
}

/** With more rounds than this, the spread of their figures is printed, and not each of them. */
const FEW = 9;

function listed(values: readonly number[]): string {
  const { min, max } = spread(values);
  const shown = values.length > FEW ? [min, max] : values;
  return shown.map((each) => Math.round(each).toLocaleString('en')).join(values.length > FEW ? ' to ' : ' ');
}

/** Measures the contestants in turn, several rounds of all, and prints calls per second, the medians, and the ratios of the bars. */
export async function compare({ contestants, bars, inFlight, rounds, ms }: Plan): Promise<boolean> {
  const opened = await Promise.all(
    contestants.map(async ({ name, open }) => ({ name, ...(await open()), rates: [] as number[] })),
  );
  for (const { call } of opened) await rate(call, inFlight, ms / 2);
  for (let round = 0; round < rounds; round++) {
    for (const one of rotated(opened, round)) one.rates.push(await rate(one.call, inFlight, ms));
  }
  const ratesOf = new Map(opened.map(({ name, rates }) => [name, rates]));
  console.log(`calls per second with ${inFlight} in flight, medians of ${rounds}:`);
  for (const { name, rates } of opened) {
    const median = Math.round(spread(rates).median).toLocaleString('en');
    console.log(`  ${name.padEnd(24)} ${median.padStart(9)}   (${listed(rates)})`);
  }
  let holds = true;
  for (const { of, to, least } of bars) {
    const { median, low, high } = medianInterval(ratiosOf(ratesOf.get(of) ?? [], ratesOf.get(to) ?? []));
    const what = `${of} / ${to}, ${low.toFixed(2)} to ${high.toFixed(2)} by 95 %`;
    if (least === undefined) console.log(`  ${what}: ${median.toFixed(2)}`);
    else holds = judge(what, median, { least }) && holds;
  }
  for (const { close } of opened) await close();
  return holds;
}

/** Calls per second. */
async function rate(call: Call, inFlight: number, ms: number): Promise<number> {
  let done = 0;
  const begin = performance.now();
  const end = begin + ms;
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      await call();
      done++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return (done / (performance.now() - begin)) * 1_000;
}
