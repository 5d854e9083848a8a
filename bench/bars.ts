import { contestants, type LoadName, referenceOf } from './contestants.js';
import { isChosen, isMemoryAsked, loadsAsked, type Options } from './options.js';
import type { Figures, Measured } from './run/measure.js';
import { type Spread, spread } from './statistics.js';

/**
 * A target of Obverse: `ours` reaches at least this rate, or takes at most this memory, relative to the best of
 * `against`.
 */
export type Bar =
  | { readonly ours: string; readonly load: LoadName; readonly against: readonly string[]; readonly atLeast: number }
  | { readonly ours: string; readonly load: 'memory'; readonly against: readonly string[]; readonly atMost: number };

const JRPC = 'obverse-jrpc-tcp';
const MSGPACK = 'obverse-msgpack-tcp';
const ARRAYS = ['array-ceiling'];
const OBJECTS = ['jsonrpc-ceiling'];
const JSON_PEERS = ['vscode-jsonrpc-tcp', 'json-rpc-2.0-ws', 'birpc-ws'];
const WS_PEERS = ['birpc-ws', 'rpc-websockets', 'socket.io'];

export const bars: readonly Bar[] = [
  { ours: JRPC, load: '64', against: ARRAYS, atLeast: 0.6 },
  { ours: JRPC, load: '64', against: OBJECTS, atLeast: 0.9 },
  { ours: JRPC, load: '1024', against: ARRAYS, atLeast: 0.6 },
  { ours: JRPC, load: '1024', against: OBJECTS, atLeast: 0.9 },
  { ours: JRPC, load: '64', against: JSON_PEERS, atLeast: 3 },
  { ours: JRPC, load: '1024', against: JSON_PEERS, atLeast: 3 },
  { ours: JRPC, load: '1', against: ARRAYS, atLeast: 0.9 },
  { ours: JRPC, load: 'notes', against: ARRAYS, atLeast: 0.6 },
  { ours: MSGPACK, load: '64', against: ARRAYS, atLeast: 0.9 },
  { ours: MSGPACK, load: '1024', against: ARRAYS, atLeast: 1 },
  { ours: MSGPACK, load: '1', against: ARRAYS, atLeast: 0.9 },
  { ours: MSGPACK, load: 'notes', against: ARRAYS, atLeast: 0.6 },
  { ours: MSGPACK, load: 'bytes', against: ['msgpackr-tcp'], atLeast: 0.9 },
  { ours: 'obverse-jrpc-ws', load: '64', against: WS_PEERS, atLeast: 3 },
  { ours: 'obverse-jrpc-ws', load: '1024', against: WS_PEERS, atLeast: 3 },
  { ours: 'obverse-jrpc-ws-stranger', load: '64', against: WS_PEERS, atLeast: 1.5 },
  { ours: 'obverse-jrpc-ws-stranger', load: '1024', against: WS_PEERS, atLeast: 1.5 },
  { ours: 'obverse-clone-worker', load: '64', against: ['birpc-port'], atLeast: 1.5 },
  { ours: 'obverse-clone-worker', load: '64', against: ['comlink-port'], atLeast: 3 },
  { ours: JRPC, load: 'object2', against: ['json-tcp'], atLeast: 0.92 },
  { ours: JRPC, load: 'object16', against: ['json-tcp'], atLeast: 0.92 },
  { ours: MSGPACK, load: 'object2', against: ['json-tcp'], atLeast: 0.8 },
  { ours: MSGPACK, load: 'object16', against: ['json-tcp'], atLeast: 0.8 },
  { ours: 'obverse-jrpc-ws', load: 'object2', against: ['json-ws'], atLeast: 0.88 },
  { ours: 'obverse-jrpc-ws', load: 'object16', against: ['json-ws'], atLeast: 0.88 },
  { ours: JRPC, load: 'text2', against: ['json-tcp'], atLeast: 0.95 },
  { ours: JRPC, load: 'text16', against: ['json-tcp'], atLeast: 0.95 },
  { ours: 'obverse-jrpc-ws', load: 'text2', against: ['json-ws'], atLeast: 0.85 },
  { ours: 'obverse-jrpc-ws', load: 'text16', against: ['json-ws'], atLeast: 0.85 },
  { ours: JRPC, load: 'memory', against: ARRAYS, atMost: 1.5 },
  { ours: MSGPACK, load: 'memory', against: ARRAYS, atMost: 1.5 },
];

/** The result for a bar. */
export interface Verdict {
  readonly bar: Bar;
  /** The best one of `against`; undefined if one of them, or ours, was not measured. */
  readonly best: string | undefined;
  readonly ratio: Spread;
  /** The same by CPU time, as a second opinion; NaN for memory. */
  readonly byCpu: number;
  readonly pass: boolean;
}

/** Whether a run measures all contestants that a bar compares. */
export function isAsked({ ours, load, against }: Bar, options: Options): boolean {
  return [ours, ...against].every((name) => {
    const contestant = contestants.find((one) => one.name === name);
    if (contestant === undefined) throw new Error(`a bar names ${name}, which is no contestant`);
    const isReference = load !== 'memory' && name === referenceOf(load);
    if (isReference) return true;
    const asked =
      load === 'memory' ? isMemoryAsked(contestant, options) : loadsAsked(contestant, options).includes(load);
    return asked && isChosen(name, options);
  });
}

/**
 * Compares the figures with a bar. Rates are compared round by round, by their ratios to the reference; if the bar is
 * about the reference itself, that ratio counts, because it was measured just before and after ours.
 */
export function judge(bar: Bar, figures: Figures): Verdict {
  const { ours, load } = bar;
  const missing: Verdict = { bar, best: undefined, ratio: spread([]), byCpu: Number.NaN, pass: false };
  let found = missing;
  for (const other of bar.against) {
    const ratios =
      load === 'memory' ? memoryRatios(ours, other, figures) : rateRatios('ratio', ours, other, load, figures);
    if (ratios.length === 0) return missing;
    const ratio = spread(ratios);
    if (ratio.median > found.ratio.median) continue;
    const byCpu = load === 'memory' ? Number.NaN : spread(rateRatios('cpuRatio', ours, other, load, figures)).median;
    const pass = 'atLeast' in bar ? ratio.median >= bar.atLeast : ratio.median <= bar.atMost;
    found = { bar, best: other, ratio, byCpu, pass };
  }
  return found;
}

function rateRatios(
  which: 'ratio' | 'cpuRatio',
  ours: string,
  other: string,
  load: LoadName,
  figures: Figures,
): number[] {
  const of = (name: string): readonly Measured[] => figures.loads.get(name)?.get(load) ?? [];
  if (other === referenceOf(load)) return of(ours).map((measured) => measured[which]);
  const byRound = new Map(of(other).map((measured) => [measured.round, measured[which]]));
  return of(ours).flatMap((measured) => {
    const divisor = byRound.get(measured.round);
    return divisor === undefined ? [] : [measured[which] / divisor];
  });
}

function memoryRatios(ours: string, other: string, figures: Figures): number[] {
  const theirs = figures.memory.get(other) ?? [];
  if (theirs.length === 0) return [];
  const { median } = spread(theirs);
  return (figures.memory.get(ours) ?? []).map((bytes) => bytes / median);
}
