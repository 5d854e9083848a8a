import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { exposedMethodsOf } from '../../src/extensions/references/exposed-methods.js';
import { reference, UsageError } from '../../src/index.js';

/** The class that a TypeScript source exports as `Made`, compiled with or without the legacy dialect. */
function compiled(text: string, experimentalDecorators: boolean): new () => object {
  const { outputText } = ts.transpileModule(`${text}\nexports.Made = Made;`, {
    compilerOptions: { experimentalDecorators, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
  });
  const exports: { Made?: new () => object } = {};
  new Function('exports', 'reference', outputText)(exports, reference);
  return exports.Made as new () => object;
}

describe.each([
  ['the standard dialect', (text: string) => compiled(`@reference ${text}`, false)],
  ['the legacy dialect', (text: string) => compiled(`@reference ${text}`, true)],
  ['a plain call', (text: string) => compiled(`${text} reference(Made);`, false)],
])('in %s', (_dialect, make) => {
  const methodsIn = (text: string) => exposedMethodsOf(new (make(text))());

  it('methods can be called, and nothing else', () => {
    const methods = methodsIn(`class Made {
      field = 1; arrow = () => 1;
      static made() {}
      get accessor() { return 1; } set accessor(to) {}
      #own() {} _hidden() {} then() {} 'with.dot'() {} [Symbol.iterator]() {}
      constructor() { this.#own(); }
      method() {} async later() {} 'any name'() {}
      toString() { return ''; }
    }`);
    expect(methods).toEqual({ members: ['method', 'later', 'any name', 'toString'], streams: [] });
  });

  it('generators answer with streams', () => {
    const methods = methodsIn('class Made { *each() {} async *later() {} one() {} }');
    expect(methods).toEqual({ members: ['each', 'later', 'one'], streams: ['each', 'later'] });
  });

  it('a class that extends it is passed in the same way, with its own methods', () => {
    const Made = make('class Made { one() {} two() {} }');
    class Special extends Made {
      three(): void {}
      // A member that hides a method is not a method.
      get two(): number {
        return 2;
      }
    }
    expect(exposedMethodsOf(new Special())?.members).toEqual(['three', 'one']);
  });
});

it('methods that a decorated class inherits from one without the decorator cannot be called', () => {
  class Base {
    secret(): void {}
  }
  @reference
  class Made extends Base {
    one(): void {}
  }
  expect(exposedMethodsOf(new Made())?.members).toEqual(['one']);
  expect(exposedMethodsOf(new Base())).toBeUndefined();
  reference(Base);
  class Later extends Made {}
  expect(exposedMethodsOf(new Later())?.members).toEqual(['one', 'secret']);
});

it('a class that another decorator replaces is still decorated', () => {
  // biome-ignore lint/suspicious/noExplicitAny: what a class that extends any other must take
  const replaced = <C extends new (...args: any[]) => object>(target: C): C => class extends target {};
  @replaced
  @reference
  class Made {
    one(): void {}
  }
  expect(exposedMethodsOf(new Made())?.members).toEqual(['one']);
});

it.each([{}, [], new Date(), Object.create(null), new Map(), new (class Plain {})(), () => {}])(
  '%o is not decorated',
  (value) => {
    expect(exposedMethodsOf(value as object)).toBeUndefined();
  },
);

it.each([
  ['a method', () => reference((() => {}) as never)],
  ['an object', () => reference({} as never)],
  ['nothing', () => reference(undefined as never)],
  ['a method in the standard dialect', () => reference(class {} as never, { kind: 'method' } as never)],
])('%s cannot be decorated', (_what, mark) => expect(mark).toThrow(UsageError));
