import type { Reply, Sender } from 'obverse';
import { beforeEach, describe, expect, it, vi } from 'vitest';

/*
 * What legacy decorators emit for each method under `emitDecoratorMetadata`: its own decorator runs last, and the
 * classes of the parameters are stored if `Reflect.metadata` exists by then.
 */
type Metadata = (key: string, value: unknown) => (target: object, key: string) => void;

async function spec() {
  const { incoming, RemoteAPI } = await import('../../src/browser.js');
  class Desk extends RemoteAPI {
    @incoming({ hasReply: true, params: ['n'] }) half(_from: Sender, _n: number): Reply<number> {}
  }
  class Emitted extends RemoteAPI {
    half(_from: Sender, _n: number): Reply<number> {}
  }
  const { metadata } = Reflect as { metadata?: Metadata };
  metadata?.('design:paramtypes', [Object, Number])(Emitted.prototype, 'half');
  const decorate = incoming({ hasReply: true, params: ['n'] }) as unknown as (...place: unknown[]) => void;
  decorate(Emitted.prototype, 'half', Object.getOwnPropertyDescriptor(Emitted.prototype, 'half'));
  return { Desk, Emitted };
}

type Spec = Awaited<ReturnType<typeof spec>>['Emitted'];

let addresses = 0;

async function half(api: Spec, n: unknown): Promise<unknown> {
  const server = await api.serve(`memory:emitted-${++addresses}`, { logger: null });
  server.half.connect((_from, given) => given / 2);
  const client = await api.invert().connect(server.address, { logger: null });
  try {
    return await client.remote.half(n as number);
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.close();
    await server.close();
  }
}

describe('in a page', () => {
  beforeEach(() => vi.resetModules());

  it('decorators of both dialects work without reflect-metadata, and emitted classes are not checked', async () => {
    expect('getMetadata' in Reflect).toBe(false);
    const { Desk, Emitted } = await spec();
    expect(Desk.describe()).toEqual(Emitted.describe());
    expect(await half(Desk, 3)).toBe(1.5);
    expect(await half(Emitted, '3')).toBe(1.5);
    expect('getMetadata' in Reflect).toBe(false);
  });

  it('a second copy of the library sees the decorators of the first', async () => {
    const { Desk } = await spec();
    vi.resetModules();
    const other = await import('../../src/spec/class-reader.js');
    expect(
      other
        .readClass(Desk as unknown as new () => object, Object.getPrototypeOf(Desk.prototype))
        .methods.map(({ key }) => key),
    ).toEqual(['half']);
  });

  it('emitted classes are checked if the application has imported reflect-metadata', async () => {
    await import('reflect-metadata/lite');
    const { Emitted } = await spec();
    expect(await half(Emitted, 3)).toBe(1.5);
    expect(await half(Emitted, '3')).toBe('half: n: expected a number, got a string');
  });
});
