import { cpus } from 'node:os';
import type { Verdict } from './bars.js';
import { contestants, type LoadName, loads } from './contestants.js';
import type { Options } from './options.js';
import type { Figures } from './run/measure.js';
import { type Spread, spread } from './statistics.js';

/** The figures and verdicts as text: a table for each load, the memory, the bars. */
export function report(figures: Figures, verdicts: readonly Verdict[], options: Options): string {
  const parts = [
    `${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}, medians of ${options.rounds} rounds (min–max)`,
  ];
  for (const name of Object.keys(loads) as LoadName[]) {
    const rows = loadRows(figures, name);
    if (rows.length > 0) parts.push(table([loads[name].title, 'a second', '', 'CPU µs each', 'ratio', ''], rows));
  }
  const memory = [...figures.memory].map(([name, bytes]) => [name, ...spreadCells(spread(bytes), kibibytes)]);
  if (memory.length > 0) parts.push(table(['resident memory for a connection', 'KiB', ''], memory));
  if (verdicts.length > 0) parts.push(table(['bar', '', '', '', ''], verdicts.map(verdictRow)));
  for (const [name, reason] of figures.failures) parts.push(`${name} could not be measured: ${reason}`);
  return parts.join('\n\n');
}

/** The figures and verdicts as data. */
export function figuresAsData(figures: Figures, verdicts: readonly Verdict[], options: Options): unknown {
  return {
    node: process.version,
    cpu: cpus()[0]?.model.trim(),
    cores: cpus().length,
    options,
    loads: Object.fromEntries([...figures.loads].map(([name, byLoad]) => [name, Object.fromEntries(byLoad)])),
    connectionBytes: Object.fromEntries(figures.memory),
    failures: Object.fromEntries(figures.failures),
    bars: verdicts.map(({ bar, best, ratio, pass }) => ({ ...bar, best: best ?? null, ratio, pass })),
  };
}

function loadRows(figures: Figures, load: LoadName): string[][] {
  return contestants.flatMap(({ name }) => {
    const measured = figures.loads.get(name)?.get(load);
    if (measured === undefined) return [];
    const cpu = (side: 'clientMicros' | 'serverMicros'): string =>
      short(spread(measured.map((one) => one[side])).median);
    const server = cpu('serverMicros');
    return [
      [
        name,
        ...spreadCells(spread(measured.map(({ rate }) => rate)), grouped),
        server === '0.00' ? cpu('clientMicros') : `${cpu('clientMicros')} + ${server}`,
        ...spreadCells(spread(measured.map(({ ratio }) => ratio)), short),
      ],
    ];
  });
}

function verdictRow({ bar, best, ratio, pass }: Verdict): string[] {
  const load = bar.load === 'memory' ? 'memory for a connection' : loads[bar.load].title;
  const bound = 'atLeast' in bar ? `at least ${bar.atLeast}` : `at most ${bar.atMost}`;
  if (best === undefined)
    return ['----', `${bar.ours}, ${load}`, 'not measured', '', `${bound} × ${bar.against.join(', ')}`];
  return [pass ? 'pass' : 'MISS', `${bar.ours}, ${load}`, ...spreadCells(ratio, short), `${bound} × ${best}`];
}

function spreadCells({ median, min, max }: Spread, format: (n: number) => string): [string, string] {
  return [format(median), `(${format(min)}–${format(max)})`];
}

const grouped = (n: number): string => Math.round(n).toLocaleString('en');
const short = (n: number): string => (n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2));
const kibibytes = (n: number): string => (n / 1024).toFixed(1);

const NUMERIC = /^[(\d]/;

/** Columns of equal width; what starts with a digit stands at the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[], isHead: boolean): string =>
    row
      .map((cell, at) => {
        const right = at > 0 && (isHead || NUMERIC.test(cell));
        return right ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0);
      })
      .join('  ')
      .trimEnd();
  return [line(head, true), ...rows.map((row) => line(row, false))].join('\n');
}
