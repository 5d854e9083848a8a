import path from 'node:path';
import { Child } from './child.js';
import type { Load, Until } from './load.js';

/** One measurement. */
export interface Sample {
  /** Calls, notifications or round trips of bytes per second. */
  readonly rate: number;
  /** CPU time for each of them, in µs. If the other side is a worker thread, the client's figure includes both. */
  readonly clientMicros: number;
  readonly serverMicros: number;
}

/** How the processes of a pair are started. */
export interface PairOptions {
  /** The folder of the compiled benchmark. */
  readonly folder: string;
  readonly execArgv?: readonly string[];
}

/** The server and the client of one contestant, each in its process, connected. */
export class Pair {
  private constructor(
    readonly client: Child,
    readonly server: Child | undefined,
    private readonly address: string,
  ) {}

  /** Starts both processes, and resolves when they have made one call. `adapter` is a module in `adapters/`. */
  static async start(adapter: string, { folder, execArgv = [] }: PairOptions): Promise<Pair> {
    const module = path.join(folder, 'adapters', `${adapter}.js`);
    const server = new Child(`${adapter} server`, path.join(folder, 'run/server.js'), [module], execArgv);
    const client = new Child(`${adapter} client`, path.join(folder, 'run/client.js'), [module], execArgv);
    try {
      const address = await server.ask<string | undefined>('serve');
      if (address === undefined) await server.stop();
      const pair = new Pair(client, address === undefined ? undefined : server, address ?? '');
      await pair.connect(1);
      return pair;
    } catch (error) {
      await Promise.all([client.stop(), server.stop()]);
      throw error;
    }
  }

  /** Opens this many more connections. */
  connect(times: number): Promise<void> {
    return this.client.ask('connect', { address: this.address, times });
  }

  async carry(load: Load, until: Until): Promise<Sample> {
    const before = (await this.server?.ask<number>('cpu')) ?? 0;
    const { count, ms, cpu } = await this.client.ask<{ count: number; ms: number; cpu: number }>('carry', {
      load,
      until,
    });
    const after = (await this.server?.ask<number>('cpu')) ?? 0;
    return { rate: (count / ms) * 1_000, clientMicros: cpu / count, serverMicros: (after - before) / count };
  }

  /**
   * The resident memory of the server in bytes, after a garbage collection. The processes must be started with
   * `--expose-gc`.
   */
  async memory(): Promise<number> {
    if (this.server === undefined) throw new Error('this contestant has no server process');
    return this.server.ask<number>('memory');
  }

  async stop(): Promise<void> {
    await this.client.ask('close').catch(() => {});
    await this.client.stop();
    await this.server?.stop();
  }
}
