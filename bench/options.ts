import { parseArgs } from 'node:util';
import { type Contestant, contestants, type Group, groups, type LoadName } from './contestants.js';
import type { Subject } from './run/compile.js';

/** The options of a run of the benchmark. */
export interface Options {
  readonly groups: readonly Group[];
  /** Names of contestants; empty means all of the groups. The references always run. */
  readonly only: readonly string[];
  readonly rounds: number;
  /** How long one measurement takes. */
  readonly ms: number;
  /** How many calls each process makes before it is measured, for at most `warmMs`. */
  readonly warmCalls: number;
  readonly warmMs: number;
  /** How long each load runs before it is measured. */
  readonly warmLoadMs: number;
  readonly connections: number;
  /** Whether the built package is measured, or the sources. */
  readonly subject: Subject;
  /** Whether to build the package before. */
  readonly build: boolean;
  /** The file for the figures. */
  readonly json: string | undefined;
  /** The folder for CPU profiles of the contestants. */
  readonly cpuProf: string | undefined;
}

export const help = `npm run bench -- [options]

  --quick             fewer and shorter rounds: about a minute
  --groups a,b        some of ${groups.join(', ')}
  --only a,b          some of the contestants (${contestants.map(({ name }) => name).join(', ')})
  --rounds n          how often everyone is measured (5)
  --ms n              how long each measurement takes, in milliseconds (250)
  --json file         write the figures to a file
  --cpu-prof folder   write CPU profiles of the contestants' processes
  --no-build          measure what dist/ holds
  --sources           measure the sources, without a build
`;

/** Reads the command line; undefined for `--help`. Throws for an unknown or invalid option. */
export function readCommandLine(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      groups: { type: 'string' },
      only: { type: 'string' },
      rounds: { type: 'string' },
      ms: { type: 'string' },
      json: { type: 'string' },
      'cpu-prof': { type: 'string' },
      'no-build': { type: 'boolean', default: false },
      sources: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { quick } = values;
  return {
    groups: words('groups', values.groups, groups) ?? groups,
    only:
      words(
        'only',
        values.only,
        contestants.map(({ name }) => name),
      ) ?? [],
    rounds: positive('rounds', values.rounds) ?? (quick ? 2 : 5),
    ms: positive('ms', values.ms) ?? (quick ? 120 : 250),
    warmCalls: quick ? 15_000 : 40_000,
    warmMs: quick ? 400 : 1_500,
    warmLoadMs: quick ? 120 : 250,
    connections: 1_000,
    subject: values.sources ? 'sources' : 'built',
    build: !values['no-build'],
    json: values.json,
    cpuProf: values['cpu-prof'],
  };
}

/** Whether a contestant is to be measured at all. */
export function isChosen(name: string, { only }: Options): boolean {
  return only.length === 0 || only.includes(name);
}

/** The loads that a contestant runs. */
export function loadsAsked({ groups: its }: Contestant, options: Options): LoadName[] {
  return [...new Set(options.groups.flatMap((group) => its[group] ?? []))];
}

/** Whether the memory of a contestant's connections is to be measured. */
export function isMemoryAsked({ groups: its }: Contestant, options: Options): boolean {
  return options.groups.includes('memory') && its.memory !== undefined;
}

function words<W extends string>(
  name: string,
  text: string | undefined,
  known: readonly W[],
): readonly W[] | undefined {
  if (text === undefined) return undefined;
  return text.split(',').map((word) => {
    const found = known.find((one) => one === word);
    if (found === undefined) throw new Error(`--${name} has no "${word}"; there are ${known.join(', ')}`);
    return found;
  });
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number <= 0)
    throw new Error(`--${name} must be a positive whole number, not ${text}`);
  return number;
}
