import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Options } from '../../../src/index.js';
import { type ChaosOptions, type ChaosProxy, chaosProxy } from '../../../src/testing/chaos-proxy.js';
import { type ChromiumPage, openPage } from '../chromium-page.js';
import type { Talk } from './page.js';
import { serveAt } from './server.js';
import type { PageState } from './spec.js';

const undo: (() => unknown)[] = [];

export function atEnd(job: () => unknown): void {
  undo.push(job);
}

/** For `afterEach`. */
export async function clear(): Promise<void> {
  for (const each of undo.splice(0).reverse()) await each();
}

/** A server at an address, until the end of the test. */
export async function serve(address: string, options: Options) {
  const served = await serveAt(address, options);
  atEnd(() => served.server.close());
  return served;
}

/** A server in a process of its own. */
export async function serveApart(address: string, options: Options) {
  const program = fileURLToPath(new URL('./program.ts', import.meta.url));
  const child = fork(program, [address, JSON.stringify(options)], { execArgv: ['--import', 'tsx'] });
  atEnd(() => child.kill('SIGKILL'));
  const [url] = (await once(child, 'message')) as [string];
  return {
    url,
    kill: (signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL') => child.kill(signal),
    /** Answers the calls that are held, and returns what has run, how often. */
    async release(): Promise<Record<string, number>> {
      child.send('release');
      const [ran] = (await once(child, 'message')) as [Record<string, number>];
      return ran;
    },
  };
}

export type Page = ChromiumPage<Talk>;

export function talkingPage(): Promise<Page> {
  return openPage<Talk>('talking/page.ts', ['talking/worker.ts']);
}

/** Waits until what the page has seen is so. */
export async function untilPage(
  { talk }: Pick<Page, 'talk'>,
  holds: (state: PageState) => boolean,
): Promise<PageState> {
  const end = performance.now() + 50_000;
  for (;;) {
    const state = await talk.state();
    if (holds(state)) return state;
    if (performance.now() > end)
      throw new Error(`waited in vain for ${holds}: ${JSON.stringify(state).slice(0, 2_000)}`);
  }
}

/** A server, and a proxy between it and pages. */
export async function between(options: Options, chaos: Pick<ChaosOptions, 'delay'> = {}) {
  const served = await serve('ws://127.0.0.1:0', options);
  const proxy: ChaosProxy = await chaosProxy({ ...chaos, to: served.server.address });
  atEnd(() => proxy.close());
  return { ...served, proxy };
}
