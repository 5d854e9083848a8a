import { describe, expect, it } from 'vitest';
import { medianInterval, spread } from '../../bench/statistics.js';

describe('the spread of a list of values', () => {
  it('is the median, the minimum and the maximum', () =>
    expect(spread([5, 1, 4, 2])).toEqual({ median: 3, min: 1, max: 5 }));
  it('is NaN for an empty list', () =>
    expect(spread([])).toEqual({ median: Number.NaN, min: Number.NaN, max: Number.NaN }));
});

describe('the confidence interval of a median', () => {
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => count - at);

  // The ranks of the tables of order statistics: 10 and 21 of 30, 40 and 61 of 100.
  it('excludes the ranks that the tables name for 30 values', () =>
    expect(medianInterval(upTo(30))).toEqual({ median: 15.5, low: 10, high: 21 }));
  it('excludes the ranks that the tables name for 100 values', () =>
    expect(medianInterval(upTo(100))).toEqual({ median: 50.5, low: 40, high: 61 }));
  it('is the whole range for a few values', () =>
    expect(medianInterval([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3 }));
});
