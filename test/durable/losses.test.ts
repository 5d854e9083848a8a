import { afterEach, expect, it } from 'vitest';
import { type StoppedClock, stopClock } from '../../src/testing/clock.js';
import { Flushes } from '../../transports/shared/flushes.js';

let clock: StoppedClock | undefined;
afterEach(() => clock?.[Symbol.dispose]());

it('logs losses that no flush has reported, once a minute and at the end, and leaves out none', async () => {
  clock = stopClock();
  const lines: string[] = [];
  const flushes = new Flushes((line) => lines.push(line));
  const error = new Error('the disk is full');
  flushes.failed(error, 0, 1);
  await clock.turn(1_000);
  expect(lines).toEqual(['a notification is lost: the disk is full']);
  flushes.failed(error, 1, 2);
  await clock.turn(10_000);
  flushes.failed(error, 3, 3);
  expect(lines).toHaveLength(1);
  await clock.turn(60_000);
  expect(lines.slice(1)).toEqual(['5 notifications are lost: the disk is full']);
  flushes.failed(error, 6, 4);
  flushes.close();
  expect(lines.slice(2)).toEqual(['4 notifications are lost: the disk is full']);
});
