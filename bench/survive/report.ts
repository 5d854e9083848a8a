import type { Outcome } from './run.js';

/** The combinations that are measured. */
export const COMBINATIONS = [
  { codec: 'jrpc', transport: 'tcp' },
  { codec: 'msgpack', transport: 'ws' },
  { codec: 'msgpack', transport: 'tcp' },
  { codec: 'jrpc', transport: 'ws' },
] as const;

export type Combination = (typeof COMBINATIONS)[number];

/** What a run found, for people. */
export function printed({ findings, cuts, whileDialing, left }: Outcome): string {
  const { fin, rst, silence } = cuts;
  const { reasons, ...counts } = findings;
  const lines = [`cuts: ${fin} FIN, ${rst} RST, ${silence} silence; ${whileDialing} of them while the client dialed`];
  for (const [what, count] of Object.entries(counts)) lines.push(`${what}: ${count}`);
  if (Object.keys(reasons).length > 0) lines.push(`rejected with: ${JSON.stringify(reasons)}`);
  lines.push(`left at the end: ${left === '' ? 'nothing' : left}`);
  return lines.map((line) => `  ${line}`).join('\n');
}

/** The arguments of a command: numbers by position, and `--name value`. */
export function readArguments(names: readonly string[]): {
  readonly numbers: number[];
  readonly named: Map<string, string>;
} {
  const [numbers, named] = [[] as number[], new Map<string, string>()];
  const given = process.argv.slice(2);
  for (let at = 0; at < given.length; at++) {
    const one = given[at] as string;
    const name = one.startsWith('--') ? one.slice(2) : undefined;
    if (name !== undefined && names.includes(name) && given[at + 1] !== undefined)
      named.set(name, given[++at] as string);
    else if (name === undefined && Number.isFinite(Number(one))) numbers.push(Number(one));
    else {
      console.error(
        `unknown argument ${one}; there are ${names.map((known) => `--${known}`).join(', ')}, and a number`,
      );
      process.exit(2);
    }
  }
  return { numbers, named };
}

/** A mode that was asked for, or the best of this build. Ends the process for an unknown one. */
export function modeOf<M extends string>(asked: string | undefined, best: M, known: readonly M[]): M {
  if (asked === undefined) return best;
  if (known.includes(asked as M)) return asked as M;
  console.error(`unknown mode ${asked}; there are ${known.join(', ')}`);
  return process.exit(2);
}
