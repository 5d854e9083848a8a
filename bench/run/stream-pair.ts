import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './child.js';
import type { Flood } from './stream-spec.js';

/** A producer that never waits, and a consumer that reads one item in 10 ms. */
export interface Slow {
  /** The largest number of items that were produced and not consumed. */
  readonly ahead: number;
  readonly taken: number;
  /** The growth in memory of both processes since the first second, in bytes. */
  readonly grown: number;
}

/** Calls alone, and beside streams: in µs. */
export interface Beside {
  readonly alone: number;
  readonly beside: number;
  /** Items of all streams per second. */
  readonly rate: number;
}

/** The process that serves streams and the one that consumes them, connected. */
export class StreamPair {
  private constructor(
    readonly client: Child,
    readonly server: Child,
  ) {}

  /** `folder` is that of the compiled benchmark. */
  static async start(folder: string, url: string, codec: string): Promise<StreamPair> {
    const execArgv = ['--expose-gc'];
    const server = new Child('stream server', path.join(folder, 'run/stream-server.js'), [], execArgv);
    const client = new Child('stream client', path.join(folder, 'run/stream-client.js'), [], execArgv);
    const address = await server.ask<string>('serve', { url, codec });
    await client.ask('connect', { address, codec });
    return new StreamPair(client, server);
  }

  /** Items per second, and the CPU time of one at both ends, in µs. */
  async items(flood: Flood, count: number): Promise<{ rate: number; micros: number }> {
    const before = await this.server.ask<number>('cpu');
    const { ms, cpu } = await this.client.ask<{ ms: number; cpu: number }>('items', { flood, count });
    const server = (await this.server.ask<number>('cpu')) - before;
    return { rate: (count / ms) * 1_000, micros: (cpu + server) / count };
  }

  async slowly(ms: number): Promise<Slow> {
    const { produced: from } = await this.server.ask<{ produced: number }>('state');
    await this.client.ask('takeSlowly');
    await sleep(1_000);
    const before = await this.held();
    let ahead = 0;
    let taken = 0;
    for (const end = performance.now() + ms; performance.now() < end; await sleep(100)) {
      taken = await this.client.ask<number>('taken');
      const { produced } = await this.server.ask<{ produced: number }>('state');
      ahead = Math.max(ahead, produced - from - taken);
    }
    const grown = (await this.held()) - before;
    await this.client.ask('stopSlowly');
    return { ahead, taken, grown };
  }

  /**
   * The 99th percentile of calls, alone and beside this many streams, which produce items as fast as they can or one in
   * this many milliseconds. They alternate, so that other load of the machine affects both.
   */
  async beside(streams: number, every: number, rounds = 6, calls = 250): Promise<Beside> {
    const times = () => this.client.ask<number[]>('calls', { count: calls, pause: 1 });
    const counted = () => this.client.ask<number>('counted');
    const alone: number[] = [];
    const beside: number[] = [];
    let [items, ms] = [0, 0];
    await times();
    for (let round = 0; round < rounds; round++) {
      alone.push(...(await times()));
      await this.client.ask('begin', { streams, every });
      await sleep(300);
      const [before, began] = [await counted(), performance.now()];
      beside.push(...(await times()));
      items += (await counted()) - before;
      ms += performance.now() - began;
      await this.client.ask('end');
      await sleep(100);
    }
    return { alone: late(alone), beside: late(beside), rate: (items / ms) * 1_000 };
  }

  async stop(): Promise<void> {
    await Promise.all([this.client.stop(), this.server.stop()]);
  }

  private async held(): Promise<number> {
    const [client, server] = await Promise.all(
      [this.client, this.server].map((side) => side.ask<{ held: number }>('memory')),
    );
    return (client?.held ?? 0) + (server?.held ?? 0);
  }
}

/** The 99th percentile. */
function late(times: number[]): number {
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] as number;
}
