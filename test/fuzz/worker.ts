// The process that handles the frames. `main.ts` starts it, and ends it if it says nothing any more.
import { allTargets, Finding, fuzz, watchEscapes } from './fuzz.js';

const [count = '1', seed = '1', only] = process.argv.slice(2);
/** How much the heap may grow after everything was used once. */
const MOST_GROWN = 64 * 1024 * 1024;

watchEscapes();
const targets = (await allTargets()).filter(({ name }) => only === undefined || name === only);
let base: number | undefined;
let checked = 0;

try {
  const frames = await fuzz(targets, Number(count), Number(seed), (progress) => {
    process.send?.(progress);
    if (progress.frames < checked) return;
    const heap = heapUsed();
    // The first frames fill caches, and have the code compiled.
    if (progress.frames >= 20_000) base ??= heap;
    if (base !== undefined && heap - base > MOST_GROWN) {
      throw new Finding(progress.target, progress.seed, new Error(`the heap has grown from ${base} to ${heap} bytes`));
    }
    checked += 100_000;
  });
  for (const target of targets) await target.close?.();
  process.send?.({ done: frames, heap: heapUsed() });
} catch (error) {
  process.send?.({ finding: error instanceof Error ? error.message : String(error) });
}
process.disconnect?.();
setTimeout(() => process.exit(0), 1_000).unref();

function heapUsed(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}
