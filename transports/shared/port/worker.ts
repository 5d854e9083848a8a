import { clearTimer, setTimer } from '../../../src/base/time.js';
import { UsageError } from '../../../src/contract/errors.js';
import { type Port, workerThreads } from './events.js';

/** A started worker, in Node or in a browser. */
export interface Spawned {
  readonly port: Port;
  /** Resolves when the worker has exited. Never rejects. */
  readonly gone: Promise<void>;
  /**
   * Lets the worker finish by itself for so many milliseconds, then terminates it. Returns `gone`. May be called twice.
   */
  end(graceMs: number): Promise<void>;
  /**
   * All posted messages have been received. A browser does not report the exit of a worker, so it is not awaited any
   * longer.
   */
  settled(): void;
}

/** The options of the runtime's Worker. */
export interface WorkerSettings {
  readonly name?: string | undefined;
  /** Only in browsers; Node decides by the file. */
  readonly type?: 'module' | 'classic' | undefined;
  readonly [option: string]: unknown;
}

/** Starts a worker. Throws what the runtime throws, and a UsageError if the runtime has no workers. */
export function spawnWorker(file: string, options: WorkerSettings): Spawned {
  const threads = workerThreads();
  if (threads !== undefined) {
    const { type: _, ...known } = options;
    const worker = new threads.Worker(nodeFile(file), known);
    const gone = new Promise<void>((resolve) => worker.on?.('exit', () => resolve()));
    return ending(worker, gone, () => worker.terminate(), false);
  }
  const { Worker } = globalThis as { Worker?: new (file: string, options: object) => Port & { terminate(): void } };
  if (Worker === undefined) throw new UsageError('worker: this runtime has no workers');
  const worker = new Worker(file, { type: options.type ?? 'module', name: options.name });
  let left = (): void => {};
  const gone = new Promise<void>((resolve) => {
    left = resolve;
  });
  const terminate = (): void => {
    worker.terminate();
    left();
  };
  return ending(worker, gone, terminate, true);
}

function ending(port: Port, gone: Promise<void>, terminate: () => unknown, untilSettled: boolean): Spawned {
  return {
    port,
    gone,
    end(graceMs) {
      if (graceMs === 0) terminate();
      else {
        const timer = setTimer(graceMs, terminate);
        gone.then(() => clearTimer(timer));
      }
      return gone;
    },
    settled() {
      if (untilSettled) terminate();
    },
  };
}

/** Node resolves a path against the working directory only if it begins with a dot. */
function nodeFile(file: string): URL {
  if (/^(file|data):/i.test(file)) return new URL(file);
  const { process } = globalThis;
  const url = process.getBuiltinModule('node:url').pathToFileURL;
  return url(file);
}
