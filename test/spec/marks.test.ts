import {
  declareMethods,
  incoming,
  type MethodOptions,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
} from 'obverse';
import { describe, expect, it } from 'vitest';
import { talk } from './talk.js';

class Standard extends RemoteAPI {
  @incoming bare(_sender: Sender): void {}
  @incoming() called(_sender: Sender): void {}
  @outgoing({}) empty(_receivers: Receivers): void {}
  @outgoing({ hasReply: true, params: ['a', 'b'], timeout: Number.POSITIVE_INFINITY }) full(
    _receivers: Receivers,
    _a: number,
    _b: number,
  ): Reply<number> {}
}

const table = [
  { path: 'bare', method: 'bare', direction: 'incoming', kind: 'notification' },
  { path: 'called', method: 'called', direction: 'incoming', kind: 'notification' },
  { path: 'empty', method: 'empty', direction: 'outgoing', kind: 'notification' },
  {
    path: 'full',
    method: 'full',
    direction: 'outgoing',
    kind: 'request',
    params: ['a', 'b'],
    timeout: Number.POSITIVE_INFINITY,
  },
];

/** The same methods without decorators. */
function unmarked(): { readonly prototype: Standard } & typeof RemoteAPI {
  class Plain extends RemoteAPI {
    bare(_sender: Sender): void {}
    called(_sender: Sender): void {}
    empty(_receivers: Receivers): void {}
    full(_receivers: Receivers, _a: number, _b: number): Reply<number> {}
  }
  return Plain;
}
const full = { hasReply: true, params: ['a', 'b'], timeout: Number.POSITIVE_INFINITY } as const;

describe('decorators', () => {
  it('declare the methods in the standard dialect', () => expect(Standard.describe()).toEqual(table));

  it('declare the same in the legacy dialect', () => {
    const Legacy = unmarked();
    // As compilers call them: with the prototype, the key and the descriptor, the decorators of one method from the
    // last to the first.
    const decorate = (mark: unknown, key: string): void => {
      const descriptor = Object.getOwnPropertyDescriptor(Legacy.prototype, key) as PropertyDescriptor;
      const given = (mark as (...place: unknown[]) => unknown)(Legacy.prototype, key, descriptor);
      expect(given).toBeUndefined();
    };
    decorate(incoming, 'bare');
    decorate(incoming(), 'called');
    decorate(outgoing({}), 'empty');
    decorate(outgoing(full), 'full');
    expect(Legacy.describe()).toEqual(table);
  });

  it('declare the same without decorator syntax', () => {
    const Declared = unmarked();
    declareMethods(Declared, { bare: incoming, called: incoming() });
    declareMethods(Declared, { empty: outgoing({}), full: outgoing(full) });
    expect(Declared.describe()).toEqual(table);
  });

  it('are seen from the other side', () => {
    const turned = table.map((row) => ({ ...row, direction: row.direction === 'incoming' ? 'outgoing' : 'incoming' }));
    expect(Standard.invert().describe()).toEqual(turned);
    expect(Standard.create({ invert: true }).describe()).toEqual(turned);
    expect(Standard.invert().invert().describe()).toEqual(table);
    expect(Standard.invert().create({ invert: true }).describe()).toEqual(table);
  });

  it('keep the options that were passed', () => {
    const options = { hasReply: true, timeout: 5, name: 'one' };
    const mark = incoming(options);
    options.name = 'two';
    const Declared = unmarked();
    (declareMethods as (api: object, marks: object) => void)(Declared, { bare: mark });
    expect(Declared.describe()).toEqual([
      { path: 'bare', method: 'one', direction: 'incoming', kind: 'request', timeout: 5 },
    ]);
  });

  it('need no Symbol.metadata', () => {
    expect((Symbol as { metadata?: symbol }).metadata).toBeUndefined();
    const Bare = unmarked();
    const { bare } = Bare.prototype;
    const context = { kind: 'method', name: 'bare', static: false, private: false, addInitializer() {} };
    (incoming as unknown as (method: unknown, context: object) => void)(bare, context);
    expect(Bare.describe()).toEqual([table[0]]);
  });

  it('can be added after the class of others was read', () => {
    const First = unmarked();
    declareMethods(First, { bare: incoming });
    class Second extends (First as typeof Standard) {}
    expect(First.describe()).toEqual([table[0]]);
    declareMethods(First, { empty: outgoing });
    // A class is read once; a class that extends it is read by itself.
    expect(First.describe()).toEqual([table[0]]);
    expect(Second.describe()).toEqual([table[0], table[2]]);
  });

  it('accept all options', () => {
    class Chat extends RemoteAPI {
      @incoming({
        hasReply: true,
        name: 'x/y',
        allowPositionalArgs: true,
        timeout: 5,
        summary: 'Says it.',
        deprecated: true,
      } satisfies MethodOptions)
      say(_sender: Sender, _text: string): Reply<void> {}
      @incoming({ hasReply: false, deprecated: false, allowPositionalArgs: false, stream: false }) not(
        _sender: Sender,
      ): void {}
    }
    expect(Chat.describe()).toEqual([
      {
        path: 'say',
        method: 'x/y',
        direction: 'incoming',
        kind: 'request',
        allowPositionalArgs: true,
        timeout: 5,
        summary: 'Says it.',
        deprecated: true,
      },
      { path: 'not', method: 'not', direction: 'incoming', kind: 'notification' },
    ]);
  });

  it('work together with the whole of reflect-metadata, whichever is loaded first', async () => {
    class Earlier extends RemoteAPI {
      @outgoing said(_receivers: Receivers): void {}
    }
    await import('reflect-metadata');
    expect(Earlier.describe().length).toBe(1);
    class Later extends RemoteAPI {
      @incoming({ hasReply: true }) ask(_sender: Sender): Reply<number> {}
    }
    await using sides = await talk(Later);
    sides.here.ask.connect(() => 5);
    expect(await sides.there.remote.ask()).toBe(5);
  });
});
