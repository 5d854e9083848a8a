import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../src/contract/address.js';
import { plugins as browserPlugins } from '../src/plugins/browser.js';
import { plugins } from '../src/plugins/node.js';
import { root } from './docs/pages.js';

/**
 * What a file in a folder may import, as the beginnings of paths: always; and in addition, as types or lazily. The
 * first rule that matches a file applies.
 */
const rules: readonly (readonly [of: RegExp, may: readonly string[], lazily?: readonly string[]])[] = [
  [/^src\/base\//, ['src/base/']],
  [/^src\/contract\//, ['src/base/', 'src/contract/']],
  [/^src\/plugins\/securities\//, ['src/contract/']],
  [/^src\/plugins\/registry\.ts$/, ['src/base/', 'src/contract/']],
  [/^src\/plugins\/([a-z]+-)?extensions\.ts$/, ['src/extensions/', 'src/plugins/extensions'], ['src/api/extension']],
  [/^src\/plugins\//, ['src/contract/'], ['src/plugins/', 'codecs/', 'transports/']],
  [
    /^src\/testing\//,
    ['src/base/', 'src/contract/', 'src/testing/', 'transports/shared/memory/pair', 'node:'],
    ['src/types/', 'src/api/', 'src/spec/', 'src/plugins/registry'],
  ],
  [/^src\/index\.ts$/, ['src/', 'reflect-metadata/lite']],
  [/^src\//, ['src/']],
  [/^codecs\//, ['src/base/', 'src/contract/', 'codecs/', 'msgpackr']],
  [
    /^transports\//,
    ['src/base/', 'src/contract/', 'transports/', 'node:'],
    ['ws', '@nats-io/', 'libsql', 'pg', 'zeromq'],
  ],
  // This runs in the tools of a developer. Nothing else may import it.
  [/^tools\//, ['src/contract/optional-package'], ['esbuild']],
];
/** In the folders of plug-ins, a file may import what is shared, and its own subfolder, but no other plug-in. */
const plugin = /^(codecs|transports)\/[^/]+\.ts$/;

/** Whether a plug-in imports a file from the folder of another one. */
function isOfAnother(file: string, what: string): boolean {
  const folder = /^(?:codecs|transports)\/([^/]+)\//.exec(what)?.[1];
  const name = /^(?:codecs|transports)\/([^/.]+)/.exec(file)?.[1];
  return folder !== undefined && name !== undefined && folder !== 'shared' && folder !== name;
}

interface Import {
  readonly what: string;
  readonly kind: 'value' | 'type' | 'lazy';
}

function importsOf(file: string, text: string): Import[] {
  const code = text.replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/^\s*\/\/[^\n]*/gm, '');
  const stated = [...code.matchAll(/^(?:import|export)\b(\s+type\b)?(?:[^;']*?\bfrom)?\s*'([^']+)';/gm)];
  const lazy = [...code.matchAll(/\bimport\('([^']+)'\)/g)];
  return [
    ...stated.map(
      ([, type, what]) => ({ what: resolve(file, what as string), kind: type ? 'type' : 'value' }) as const,
    ),
    ...lazy.map(([, what]) => ({ what: resolve(file, what as string), kind: 'lazy' }) as const),
  ];
}

function resolve(file: string, what: string): string {
  return what.startsWith('.') ? normalize(join(dirname(file), what)).replace(/\.js$/, '.ts') : what;
}

function violations(file: string, text: string): string[] {
  const [, may, lazily = []] = rules.find(([of]) => of.test(file)) ?? [undefined, []];
  return importsOf(file, text)
    .filter(({ what, kind }) => {
      const beginnings = kind === 'value' ? may : [...may, ...lazily];
      const allowed = beginnings.some((beginning) => what === `${beginning}.ts` || what.startsWith(beginning));
      return (
        !allowed || (plugin.test(what) && what !== file && !/^src\/plugins\//.test(file)) || isOfAnother(file, what)
      );
    })
    .map(({ what }) => `${file} imports ${what}`);
}

const sources = ['src', 'codecs', 'transports', 'tools'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`),
);
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

it('the core names no engine', () => {
  // The registry, and what completes addresses and options in an editor.
  const naming = /^src\/(plugins\/|index\.ts$|types\/engine-options\.ts$)/;
  const files = sources.filter((file) => file.startsWith('src/') && !naming.test(file));
  expect(files.filter((file) => /nats|jetstream|zmq|zeromq|postgres|sqlite|mqtt/i.test(read(file)))).toEqual([]);
});

describe('the import rules', () => {
  it.each(sources)('%s', (file) => expect(violations(file, read(file))).toEqual([]));

  it.each([
    ['codecs/jrpc.ts', "import { Session } from '../src/session/session.js';"],
    ['codecs/jrpc.ts', "import terse from './terse.js';"],
    ['codecs/aiomas.ts', "import { jsonOf } from './jrpc/encode.js';"],
    ['codecs/aiomas/json.ts', "import type { DialectMethods } from '../jrpc/dialect-methods.js';"],
    ['transports/tcp.ts', "import type { Hub } from '../src/api/endpoint.js';"],
    ['transports/tcp.ts', "export { default } from './ws.js';"],
    ['transports/tcp.ts', "import { WebSocket } from 'ws';"],
    ['src/base/time.ts', "import { Code } from '../contract/errors.js';"],
    ['src/session/session.ts', "import net from 'node:net';"],
    ['src/session/session.ts', "const jrpc = await import('../../codecs/jrpc.js');"],
    ['src/contract/contract.ts', "import { Session } from '../session/session.js';"],
    ['src/testing/pair.ts', "import { RemoteAPI } from '../api/remote-api.js';"],
    ['src/api/remote-api.ts', "const vite = await import('../../tools/vite.js');"],
    ['transports/ws.ts', "import obverse from '../tools/vite.js';"],
    ['tools/vite.ts', "import { RemoteAPI } from '../src/api/remote-api.js';"],
    ['tools/vite.ts', "import { transform } from 'esbuild';"],
  ])('detect a %s that contains %s', (file, text) => expect(violations(file, text)).toHaveLength(1));
});

describe('the size of files', () => {
  const tests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `test/${file}`);
  const lines = (file: string): number => read(file).split('\n').length - 1;

  it.each(sources)('%s has at most 300 lines', (file) => expect(lines(file)).toBeLessThanOrEqual(300));
  it('tests have at most 400 lines', () => expect(tests.filter((file) => lines(file) > 400)).toEqual([]));
});

describe('the plug-in registry', () => {
  const named = (folder: string): string[] =>
    readdirSync(join(root, folder))
      .filter((file) => /^[\w-]+\.ts$/.test(file))
      .map((file) => file.slice(0, -'.ts'.length))
      .sort();
  const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, unknown> };
  const entries = (folder: string): string[] =>
    Object.keys(exports)
      .filter((entry) => entry.startsWith(`./${folder}/`))
      .map((entry) => entry.slice(folder.length + 3))
      .sort();

  it.each(['codecs', 'transports'] as const)(
    'lists the files in %s, and so do the entries of the package',
    (folder) => {
      expect(Object.keys(plugins[folder]).sort()).toEqual(named(folder));
      expect(entries(folder)).toEqual(named(folder));
    },
  );
  it('lists the files in src/plugins/securities', () => {
    expect(Object.keys(plugins.securities).sort()).toEqual(named('src/plugins/securities'));
  });
  it('has a subset for browsers', () => {
    for (const kind of ['codecs', 'transports', 'securities'] as const) {
      expect(Object.keys(plugins[kind])).toEqual(expect.arrayContaining(Object.keys(browserPlugins[kind])));
    }
  });
  it.each(Object.entries({ ...plugins.codecs, ...plugins.transports, ...plugins.securities }))(
    '%s is a module whose default export is a function',
    async (name, load) => expect(typeof (await load(parseAddress(name))).default).toBe('function'),
  );
  it.each(
    (['codecs', 'transports'] as const).flatMap((folder) => named(folder).map((name) => [folder, name] as const)),
  )('%s/%s is tested with the suite of its kind', (folder, name) => {
    // What has no links of one peer each has a folder of tests.
    if (existsSync(join(root, 'test', name))) return;
    const suite = folder === 'codecs' ? 'testCodec(' : 'testTransport(';
    const of = readdirSync(join(root, 'test', folder)).filter(
      (file) => file.startsWith(name) && file.endsWith('.test.ts'),
    );
    expect(
      of.some((file) => read(`test/${folder}/${file}`).includes(suite)),
      `test/${folder}/${name}*.test.ts calls ${suite}`,
    ).toBe(true);
  });
});
