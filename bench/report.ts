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
    if (rows.length > 0)
      parts.push(table([loads[name].title, 'a second', '', 'CPU µs each', 'ratio', '', 'by CPU'], rows));
  }
  const memory = [...figures.memory].map(([name, bytes]) => [name, ...spreadCells(spread(bytes), kibibytes)]);
  if (memory.length > 0) parts.push(table(['resident memory for a connection', 'KiB', ''], memory));
  if (verdicts.length > 0) parts.push(table(['', 'bar', 'ratio', '', 'by CPU', 'is to be'], verdicts.map(verdictRow)));
  for (const [name, reason] of figures.failures)
    parts.push(`${name} could not be measured: ${reason.split('\n', 1)[0]}`);
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
    bars: verdicts.map(({ bar, best, ratio, byCpu, pass }) => ({ ...bar, best: best ?? null, ratio, byCpu, pass })),
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
        short(spread(measured.map(({ cpuRatio }) => cpuRatio)).median),
      ],
    ];
  });
}

function verdictRow({ bar, best, ratio, byCpu, pass }: Verdict): string[] {
  const load = bar.load === 'memory' ? 'memory for a connection' : loads[bar.load].title;
  const bound = 'atLeast' in bar ? `at least ${bar.atLeast}` : `at most ${bar.atMost}`;
  if (best === undefined)
    return ['----', `${bar.ours}, ${load}`, 'not measured', '', '', `${bound} × ${bar.against.join(', ')}`];
  const cpu = Number.isNaN(byCpu) ? '' : short(byCpu);
  return [pass ? 'pass' : 'MISS', `${bar.ours}, ${load}`, ...spreadCells(ratio, short), cpu, `${bound} × ${best}`];
}

function spreadCells({ median, min, max }: Spread, format: (n: number) => string): [string, string] {
  return [format(median), `(${format(min)}–${format(max)})`];
}

const grouped = (n: number): string => Math.round(n).toLocaleString('en');
const short = (n: number): string => (n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2));
const kibibytes = (n: number): string => (n / 1024).toFixed(1);

const NUMERIC = /^[(\d]/;

/** Columns of equal width; figures are right-aligned. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const right = head.map((_, at) => at > 0 && rows.some((row) => NUMERIC.test(row[at] ?? '')));
  const set = (cell: string, at: number): string => (right[at] ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!));
  return lines.map((line) => line.map(set).join('  ').trimEnd()).join('\n');
}
