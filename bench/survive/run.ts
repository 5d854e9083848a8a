import { fileURLToPath } from 'node:url';
import { type ChaosCut, type ChaosProxy, chaosProxy } from 'obverse/testing';
import type { Random } from '../../src/testing/random.js';
import { Child } from '../run/child.js';
import { type Account, compared, type Findings } from './ledger.js';
import { type Mode, noticesSilence, type RunOptions } from './spec.js';
import { sleep } from './traffic.js';

export type Tables = Readonly<Record<string, number>>;
/** How long the end of everything may take. */
const QUIET_MS = 40_000;

/** What came of a run. */
export interface Outcome {
  readonly findings: Findings;
  /** The cuts that hit a link, by kind, and how many of them came while the client was dialing. */
  readonly cuts: Readonly<Record<ChaosCut, number>>;
  readonly whileDialing: number;
  /** What is still in the tables of both ends, after everything has ended: empty if nothing is. */
  readonly left: string;
}

/** Two processes with a chaos proxy between them, and the traffic of both. */
export class Run {
  whileDialing = 0;

  private constructor(
    readonly proxy: ChaosProxy,
    readonly server: Child,
    readonly client: Child,
    private readonly kinds: readonly [ChaosCut, ...ChaosCut[]],
  ) {}

  static async start(
    options: Omit<RunOptions, 'address'> & { readonly transport: 'tcp' | 'ws'; readonly seed: number },
  ) {
    const { transport, seed, ...both } = options;
    const flags = ['--import', 'tsx', '--expose-gc'];
    const script = (name: string): string => fileURLToPath(new URL(`${name}.ts`, import.meta.url));
    const server = new Child('the server', script('server'), [], flags);
    const client = new Child('the client', script('client'), [], flags);
    const to = await server.ask<string>('start', { ...both, address: `${transport}://127.0.0.1:0` });
    const proxy = await chaosProxy({ to, seed, delay: [0, 2] });
    await client.ask('start', { ...both, address: proxy.url });
    return new Run(proxy, server, client, noticesSilence(both.mode) ? ['fin', 'rst', 'silence'] : ['fin', 'rst']);
  }

  /**
   * Cuts the link that there is, a while after the session has got it, and once more as soon as the client dials: before or while both ends
   * greet each other.
   */
  async cut(random: Random, number: number): Promise<void> {
    await this.until(async () => this.proxy.stats().links > 0 && (await this.client.ask<boolean>('isUp')));
    await sleep(random.int(20, 300));
    const how = this.kinds[number % this.kinds.length] as ChaosCut;
    const { accepted } = this.proxy.stats();
    this.proxy.cut(how);
    await this.until(() => this.proxy.stats().accepted > accepted);
    if (random.next() < 0.7) await sleep(random.int(0, 15));
    this.proxy.cut(random.of(this.kinds));
    this.whileDialing++;
  }

  private async until(holds: () => boolean | Promise<boolean>, ms = QUIET_MS): Promise<void> {
    const deadline = performance.now() + ms;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error('the client does not dial again');
      await sleep(2);
    }
  }

  /** Ends the traffic, waits until both ends are quiet, and compares what they know. */
  async finish(): Promise<Outcome> {
    // A link that fell silent before its hello has no heartbeat. Outside a proxy, the operating system would end it (`keepAlive`).
    this.proxy.cut('rst');
    await Promise.all([this.client.ask('stop'), this.server.ask('stop')]);
    const deadline = performance.now() + QUIET_MS;
    let left = await this.left();
    while (left !== '' && performance.now() < deadline) {
      await sleep(100);
      left = await this.left();
    }
    const [client, server] = await Promise.all([
      this.client.ask<Account>('account'),
      this.server.ask<Account>('account'),
    ]);
    const { cuts } = this.proxy.stats();
    return { findings: compared(client, server), cuts, whileDialing: this.whileDialing, left };
  }

  private async left(): Promise<string> {
    const found: string[] = [];
    for (const [name, child] of [
      ['client', this.client],
      ['server', this.server],
    ] as const) {
      const { peers = 0, ...tables } = await child.ask<Tables>('tables');
      const open = await child.ask<number>('open');
      // One peer remains: the other end.
      if (peers !== 1) found.push(`${name}: ${peers} peers`);
      for (const [what, count] of Object.entries({ ...tables, open }))
        if (count > 0) found.push(`${name}: ${count} ${what}`);
    }
    return found.join(', ');
  }

  async close(): Promise<void> {
    await Promise.all([this.client.ask('close').catch(() => {}), this.server.ask('close').catch(() => {})]);
    await Promise.all([this.client.stop(), this.server.stop()]);
    await this.proxy.close();
  }
}

/** What the run shows to be broken; in the mode `resume`, nothing may be lost either. */
export function broken({ findings, left }: Outcome, mode: Mode): string[] {
  const never: (keyof Findings)[] = ['doubledCalls', 'falselyDenied', 'neverRan', 'pending', 'gaps', 'doubledItems'];
  const lost: (keyof Findings)[] = ['maybeExecuted', 'denied', 'lostNotifications', 'reopened'];
  const wrong = [...never, 'doubledNotifications' as const, ...(mode === 'resume' ? lost : [])]
    .filter((what) => (findings[what] as number) > 0)
    .map((what) => `${findings[what]} ${what}`);
  return left === '' ? wrong : [...wrong, `left at the end: ${left}`];
}
