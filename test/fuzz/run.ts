import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Progress } from './fuzz.js';

/** So long a round of frames may take: only a hang takes longer, however busy the machine is. */
const SILENCE_MS = 120_000;

export interface FuzzResult {
  readonly frames: number;
  readonly findings: readonly string[];
}

/** Runs the frames in a process of its own, with a bounded heap, and ends it if it hangs. */
export function runFuzz(
  count: number,
  seed: number,
  only?: string,
  onProgress: (progress: Progress) => void = () => {},
): Promise<FuzzResult> {
  const worker = fork(
    fileURLToPath(new URL('worker.ts', import.meta.url)),
    [String(count), String(seed), ...(only === undefined ? [] : [only])],
    { execArgv: ['--import', 'tsx', '--expose-gc', '--max-old-space-size=512'] },
  );
  return new Promise((resolve) => {
    let last: Progress = { target: 'none', seed, frames: 0 };
    let result: FuzzResult | undefined;
    const watchdog = setTimeout(() => {
      result = { frames: last.frames, findings: [`${last.target}: hangs at a seed from ${last.seed} on`] };
      worker.kill('SIGKILL');
    }, SILENCE_MS);
    worker.on('message', (told: Progress | { done: number } | { finding: string }) => {
      watchdog.refresh();
      if ('done' in told) result = { frames: told.done, findings: [] };
      else if ('finding' in told) result = { frames: last.frames, findings: [told.finding] };
      else {
        last = told;
        onProgress(told);
      }
    });
    worker.on('exit', (code, signal) => {
      clearTimeout(watchdog);
      const ended = `${last.target}: the process ended with ${signal ?? code} at a seed from ${last.seed} on`;
      resolve(result ?? { frames: last.frames, findings: [ended] });
    });
  });
}
