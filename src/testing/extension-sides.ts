import assert from 'node:assert/strict';
import type { Extension, ExtensionHost } from '../api/extension.js';
import type { Options } from '../types/options.js';

/** A side of the spec below, as far as the suite uses it. */
interface Side {
  readonly address: string;
  readonly add: { connect(handler: (sender: unknown, args: { a: number; b: number }) => number): unknown };
  readonly remote: {
    twice(args: { n: number }): Promise<number>;
    add(args: { a: number; b: number }): Promise<number>;
  };
  readonly twice: { connect(handler: (sender: unknown, args: { n: number }) => number): unknown };
  on(event: 'disconnect', listener: () => void): unknown;
  stats(): object;
  close(): Promise<void>;
}

/** Two connected sides: one has the extension, and the other one was made without it. */
export interface ExtensionSides {
  /** The statistics that every side has. */
  readonly coreStats: readonly string[];
  callBothWays(): Promise<void>;
  /** Makes another side, which is not opened. */
  create(options: Options): unknown;
  /** The statistics of the side with the extension. */
  stats(): Readonly<Record<string, number>>;
  /** Closes the side without the extension, and waits until the other one has lost its peer. */
  leave(host: ExtensionHost): Promise<void>;
  /** Closes both and removes the extension. May be called twice. */
  close(): Promise<void>;
}

let meetings = 0;

/** Connects a side with an extension and one without it, in memory. */
export async function meetWithExtension(extension: Extension, near: Options, far: Options): Promise<ExtensionSides> {
  const [{ RemoteAPI }, { install }, { incoming, outgoing }] = await Promise.all([
    import('../api/remote-api.js'),
    import('../api/install.js'),
    import('../spec/decorators.js'),
  ]);
  class Conversation extends RemoteAPI {
    add(_sender: object, _args: { a: number; b: number }): void {}
    twice(_receivers: object, _args: { n: number }): void {}
  }
  const mark = (decorate: unknown, key: 'add' | 'twice'): void =>
    (decorate as (target: object, key: string, property: PropertyDescriptor) => void)(
      Conversation.prototype,
      key,
      Object.getOwnPropertyDescriptor(Conversation.prototype, key) as PropertyDescriptor,
    );
  mark(incoming({ hasReply: true }), 'add');
  mark(outgoing({ hasReply: true }), 'twice');
  const spec = Conversation as unknown as {
    create(options: Options): Side;
    serve(address: string, options: Options): Promise<Side>;
    invert(): {
      serve(address: string, options: Options): Promise<Side>;
      connect(address: string, options: Options): Promise<Side>;
    };
  };
  const address = `memory:test-extension-${++meetings}`;
  // Made before the installation, and so without the extension.
  const without = await spec.invert().serve(address, { logger: null, ...far });
  const coreStats = Object.keys(without.stats());
  const dialed = spec as unknown as { connect(address: string, options: Options): Promise<Side> };
  let uninstall = (): void => {};
  let withIt: Side;
  try {
    uninstall = install(extension);
    withIt = await dialed.connect(without.address, { logger: null, ...near });
  } catch (error) {
    // Sides that are made after this one must not have it.
    uninstall();
    await without.close();
    throw error;
  }
  withIt.add.connect((_sender, { a, b }) => a + b);
  without.twice.connect((_sender, { n }) => 2 * n);
  return {
    coreStats,
    async callBothWays() {
      assert.equal(await withIt.remote.twice({ n: 21 }), 42);
      assert.equal(await without.remote.add({ a: 20, b: 22 }), 42);
    },
    create: (options) => spec.create(options),
    stats: () => withIt.stats() as Record<string, number>,
    async leave(host) {
      const left = new Promise<void>((resolve) => void withIt.on('disconnect', () => resolve()));
      await without.close();
      if (host.peers.size > 0) await left;
    },
    async close() {
      await withIt.close();
      await without.close();
      uninstall();
    },
  };
}
