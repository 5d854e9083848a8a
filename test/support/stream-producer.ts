import { Jobs } from './stream-jobs.js';

/**
 * A producer of the tests that kill producers: `stream-producer.ts ADDRESS FROM`. It writes jobs from FROM on, up to the number that it was last
 * sent, and reports after each `flush` how many are stored.
 */
const PIECE = 25;
const [address = '', from = '0'] = process.argv.slice(2);
const side = await Jobs.invert().connect(address, { logger: null });
let next = Number(from);
let stored = next;
let most = next;
let isBusy = false;
process.on('message', (upTo: number) => {
  most = upTo;
  if (!isBusy) void write();
});
process.send?.('ready');

async function write(): Promise<void> {
  isBusy = true;
  while (next < most) {
    const end = Math.min(most, next + PIECE);
    for (; next < end; next++) side.to(null, { delivery: { key: `job-${next}` } }).job({ n: next });
    try {
      await side.flush();
    } catch {
      // Some of them are not stored: all are written again, with the keys that they had.
      next = stored;
      continue;
    }
    stored = next;
    process.send?.(stored);
  }
  isBusy = false;
}
