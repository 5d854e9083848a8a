import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './child.js';
import type { Flood } from './stream-spec.js';

/** A producer that never waits, and a consumer that takes one item in 10 ms. */
export interface Slow {
  /** The most that was produced and not taken, in items. */
  readonly ahead: number;
  readonly taken: number;
  /** What both processes hold more than after the first second, in bytes. */
  readonly grown: number;
}

/** Calls alone, and beside streams: in µs. */
export interface Beside {
  readonly alone: number;
  readonly beside: number;
  /** Items of all streams in a second. */
  readonly rate: number;
}

/** The process that serves streams and the one that takes them, connected. */
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

  /** Items in a second, and the CPU time of one at both ends, in µs. */
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

  /** The 99th percentile of calls, alone and beside so many streams. */
  async beside(streams: number, every: number, calls = 1_000, pause = 1): Promise<Beside> {
    const times = () => this.client.ask<number[]>('calls', { count: calls, pause });
    const p99 = (sorted: number[]) => sorted[Math.floor(sorted.length * 0.99)] as number;
    await times();
    const before = p99(await times());
    await this.client.ask('begin', { streams, every });
    await sleep(500);
    const [began, items] = [performance.now(), await this.client.ask<number>('counted')];
    const beside = p99(await times());
    const rate = ((await this.client.ask<number>('counted')) - items) / ((performance.now() - began) / 1_000);
    await this.client.ask('end');
    await sleep(200);
    return { alone: (before + p99(await times())) / 2, beside, rate };
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
