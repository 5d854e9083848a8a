import { type Contestant, contestants, type LoadName, loads, referenceOf } from '../contestants.js';
import { isChosen, isMemoryAsked, loadsAsked, type Options } from '../options.js';
import { Pair, type Sample } from './pair.js';

/** A measurement, and its ratios to the reference, which was measured just before and after. */
export interface Measured extends Sample {
  readonly round: number;
  /** Of the rates. */
  readonly ratio: number;
  /** The ratio by CPU time. It is reliable even if others use the machine, and the ratio of rates is not. */
  readonly cpuRatio: number;
}

/** All results of a run. */
export interface Figures {
  /** By contestant and load, in the order of the rounds. */
  readonly loads: Map<string, Map<LoadName, Measured[]>>;
  /** Bytes per connection, by contestant. */
  readonly memory: Map<string, number[]>;
  /** Why a contestant could not be measured. */
  readonly failures: Map<string, string>;
}

/** What a run needs in addition to its options. */
export interface Bench {
  readonly options: Options;
  /** The folder of the compiled benchmark. */
  readonly folder: string;
  /** Called with the next step. */
  readonly progress: (text: string) => void;
}

/**
 * Measures all contestants in turn, round by round, each time in new processes. A contestant that fails is skipped from
 * then on, and the reason recorded.
 */
export async function measure(bench: Bench): Promise<Figures> {
  const figures: Figures = { loads: new Map(), memory: new Map(), failures: new Map() };
  const { options, progress } = bench;
  const chosen = contestants.filter(({ name }) => isChosen(name, options));
  for (let round = 0; round < options.rounds; round++) {
    const references = new References(bench);
    // Each round starts with another contestant, so that none always follows the same one.
    const turn = chosen.map((_, at) => chosen[(at + round) % chosen.length] as Contestant);
    for (const contestant of turn) {
      const { name } = contestant;
      const asked = loadsAsked(contestant, options);
      const connections = isMemoryAsked(contestant, options);
      if (figures.failures.has(name) || (asked.length === 0 && !connections)) continue;
      progress(`round ${round + 1} of ${options.rounds}: ${name}`);
      try {
        if (asked.length > 0) await measureLoads(bench, name, asked, references, round, figures);
        if (connections) note(figures.memory, name, await connectionBytes(bench, name));
      } catch (error) {
        figures.failures.set(name, error instanceof Error ? error.message : String(error));
      }
    }
    await references.stop();
  }
  return figures;
}

async function measureLoads(
  bench: Bench,
  name: string,
  names: readonly LoadName[],
  references: References,
  round: number,
  figures: Figures,
): Promise<void> {
  const { folder, options } = bench;
  const execArgv = options.cpuProf === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.cpuProf}`];
  const pair = await Pair.start(name, { folder, execArgv });
  try {
    await warm(pair, options);
    for (const loadName of names) {
      const { load, stretch } = loads[loadName];
      const until = { ms: stretch * options.ms };
      const reference = await references.ready(loadName);
      await pair.carry(load, { ms: stretch * options.warmLoadMs });
      const before = await reference.carry(load, until);
      const sample = await pair.carry(load, until);
      const after = await reference.carry(load, until);
      const byLoad = figures.loads.get(name) ?? new Map<LoadName, Measured[]>();
      figures.loads.set(name, byLoad);
      note(byLoad, loadName, {
        ...sample,
        round,
        ratio: (2 * sample.rate) / (before.rate + after.rate),
        cpuRatio: (micros(before) + micros(after)) / (2 * micros(sample)),
      });
    }
  } finally {
    await pair.stop();
  }
}

function micros({ clientMicros, serverMicros }: Sample): number {
  return clientMicros + serverMicros;
}

function warm(pair: Pair, { warmCalls, warmMs }: Options): Promise<Sample> {
  return pair.carry({ kind: 'calls', inFlight: 64 }, { count: warmCalls, ms: warmMs });
}

/** The young generation is kept small: if it grew, it would add megabytes that belong to no connection. */
const MEMORY_ARGV = ['--expose-gc', '--max-semi-space-size=1'];
/** After serving these, everything that is compiled or allocated once exists, and is not counted for any connection. */
const CONNECTIONS_BEFORE = 500;

/** The resident memory of the server for a connection that has made one call and is idle. */
async function connectionBytes({ folder, options }: Bench, name: string): Promise<number> {
  const pair = await Pair.start(name, { folder, execArgv: MEMORY_ARGV });
  try {
    await pair.connect(CONNECTIONS_BEFORE);
    const before = await pair.memory();
    await pair.connect(options.connections);
    return ((await pair.memory()) - before) / options.connections;
  } finally {
    await pair.stop();
  }
}

/** The references of one round, started and warmed when they are first needed. */
class References {
  private readonly pairs = new Map<string, Pair>();
  private readonly warmed = new Set<LoadName>();

  constructor(private readonly bench: Bench) {}

  async ready(loadName: LoadName): Promise<Pair> {
    const { folder, options } = this.bench;
    const name = referenceOf(loadName);
    let pair = this.pairs.get(name);
    if (pair === undefined) {
      pair = await Pair.start(name, { folder });
      this.pairs.set(name, pair);
      await warm(pair, options);
    }
    if (!this.warmed.has(loadName)) {
      this.warmed.add(loadName);
      const { load, stretch } = loads[loadName];
      await pair.carry(load, { ms: stretch * options.warmLoadMs });
    }
    return pair;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.pairs.values()].map((pair) => pair.stop()));
  }
}

function note<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
