import type { Options } from '../../src/types/options.js';
import { RawService } from '../support/raw-service.js';
import { type Caller, caller } from './service-spec.js';

/** The next turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A side that calls a service whose links a test controls. */
export async function calling(
  options: Options = {},
  service: RawService = new RawService(),
): Promise<{ service: RawService; jobs: Caller }> {
  const jobs = await caller(service.source as never, options);
  await turn();
  return { service, jobs };
}

/** A promise, and what settles it. */
export function gate<T>(): { readonly promise: Promise<T>; resolve(value: T): void; reject(error: unknown): void } {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
