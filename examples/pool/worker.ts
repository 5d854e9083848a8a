import { Primes } from './primes.js';

const CHUNK = 10_000;

/** Counts in pieces: between them the thread can receive a cancellation. */
export async function serveAsWorker(): Promise<void> {
  const primes = await Primes.serve('port:parent', { codec: 'clone' });
  primes.count.connect(async (sender, { from, to }) => {
    let found = 0;
    for (let n = from; n < to; n++) {
      if (isPrime(n)) found++;
      if ((n - from) % CHUNK === 0) {
        await new Promise(setImmediate);
        sender.signal.throwIfAborted();
        sender.progress(n - from);
      }
    }
    return found;
  });
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return n > 1;
}
