import { describe, expect, it } from 'vitest';
import { type Bar, bars, isAsked, judge } from '../../bench/bars.js';
import type { LoadName } from '../../bench/contestants.js';
import { type Options, readCommandLine } from '../../bench/options.js';
import type { Figures, Measured } from '../../bench/run/measure.js';
import { spread } from '../../bench/statistics.js';

function figures(ratios: Record<string, readonly number[]>, memory: Record<string, number[]> = {}): Figures {
  const measured = (ratio: number, round: number): Measured => ({
    round,
    ratio,
    cpuRatio: ratio / 2,
    rate: 1,
    clientMicros: 1,
    serverMicros: 1,
  });
  const entries = Object.entries(ratios).map(
    ([name, list]) => [name, new Map<LoadName, Measured[]>([['64', list.map(measured)]])] as const,
  );
  return { loads: new Map(entries), memory: new Map(Object.entries(memory)), failures: new Map() };
}

const options = (...args: string[]): Options => readCommandLine(args)!;

describe('a bar', () => {
  const againstPeers: Bar = { ours: 'ours', load: '64', against: ['slow', 'fast'], atLeast: 3 };

  it('compares with the best of the peers in each round', () => {
    const verdict = judge(
      againstPeers,
      figures({ ours: [0.75, 1, 0.5], slow: [0.125, 0.125, 0.125], fast: [0.25, 0.25, 0.25] }),
    );
    expect(verdict.best).toBe('fast');
    expect(verdict.ratio.median).toBeCloseTo(3);
    expect(verdict.byCpu).toBeCloseTo(3);
    expect(verdict.pass).toBe(true);
  });

  it('is not met below its bound', () => {
    expect(judge(againstPeers, figures({ ours: [0.5], slow: [0.1], fast: [0.2] })).pass).toBe(false);
  });

  it('is not met if a peer was not measured', () => {
    const verdict = judge(againstPeers, figures({ ours: [0.6], fast: [0.1] }));
    expect(verdict).toMatchObject({ best: undefined, pass: false });
  });

  it('uses the measured ratio to the reference', () => {
    const bar: Bar = { ours: 'ours', load: '64', against: ['array-ceiling'], atLeast: 0.6 };
    const verdict = judge(bar, figures({ ours: [0.7], 'array-ceiling': [0.5] }));
    expect(verdict.ratio.median).toBeCloseTo(0.7);
  });

  it('is an upper bound for memory', () => {
    const bar: Bar = { ours: 'ours', load: 'memory', against: ['theirs'], atMost: 1.5 };
    expect(judge(bar, figures({}, { ours: [14, 15], theirs: [10] })).pass).toBe(true);
    expect(judge(bar, figures({}, { ours: [16], theirs: [10] })).pass).toBe(false);
  });

  it('is checked in every full run', () => {
    expect(bars.filter((bar) => !isAsked(bar, options()))).toEqual([]);
  });

  it('is not checked if its groups or contestants are left out', () => {
    const asked = (bar: Bar, ...args: string[]): boolean => isAsked(bar, options(...args));
    const bar: Bar = { ours: 'obverse-jrpc-tcp', load: '64', against: ['birpc-ws'], atLeast: 3 };
    expect(asked(bar, '--groups', 'tcp')).toBe(true);
    expect(asked(bar, '--groups', 'worker')).toBe(false);
    expect(asked(bar, '--only', 'obverse-jrpc-tcp')).toBe(false);
    expect(asked({ ...bar, against: ['array-ceiling'] }, '--only', 'obverse-jrpc-tcp')).toBe(true);
  });
});

describe('the command line', () => {
  it('refuses unknown groups, options and values', () => {
    expect(() => options('--groups', 'tcp,carrier-pigeon')).toThrow(/no "carrier-pigeon"; there are tcp, ws/);
    expect(() => options('--rounds', '0')).toThrow(/positive whole number/);
    expect(() => options('--fast')).toThrow(/--fast/);
  });

  it('measures the built package five times by default', () => {
    expect(options()).toMatchObject({ subject: 'built', build: true, rounds: 5 });
    expect(options('--quick', '--rounds', '3', '--sources')).toMatchObject({ subject: 'sources', rounds: 3 });
    expect(readCommandLine(['--help'])).toBeUndefined();
  });
});

describe('spread', () => {
  it('has the median, or the mean of the two in the middle', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
    expect(spread([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 });
    expect(spread([]).median).toBeNaN();
  });
});
