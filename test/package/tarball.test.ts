import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, nameOf, root } from '../docs/pages.js';
import { entriesOf, standAlone } from './declarations.js';
import { compilers, filesIn, lend, newcomer, packed, remove, run, scratch, start, tsx } from './packed.js';

/*
 * The package for its users: the published tarball is installed elsewhere, and the README is followed there.
 */
const chat = new Map(blocksOf('README.md').map((block) => [nameOf(block), block.code]));
const ADDRESS = 'tcp://127.0.0.1:8888';
const transports = ['tcp', 'ws'] as const;
const said = { code: 0, stdout: 'ann: hello\n1\n', stderr: '' };

let folder: string;
let files: readonly string[];
/** Projects with Obverse only, and with its optional packages too. */
let bare: string;
let full: string;
beforeAll(async () => {
  folder = await scratch();
  const made = await packed();
  files = made.files;
  [bare, full] = await Promise.all([newcomer(folder, made.tarball), newcomer(folder, made.tarball, 'ws', 'msgpackr')]);
  await lend(full, '@types/node', 'undici-types');
}, 180_000);
afterAll(() => remove(folder));

/** A folder in the project with the README's three files. */
async function typed(name: string, compilerOptions?: object): Promise<string> {
  const at = join(full, name);
  await mkdir(at);
  for (const file of ['chat.ts', 'server.ts', 'client.ts']) await writeFile(join(at, file), chat.get(file) as string);
  if (compilerOptions !== undefined) await writeFile(join(at, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  return at;
}

/** The server prints its address, because its port is a free one; the client connects to it. */
async function talk(at: string, scheme: string, extension: 'ts' | 'js', through?: string): Promise<void> {
  const server = await readFile(join(at, `server.${extension}`), 'utf8');
  const client = await readFile(join(at, `client.${extension}`), 'utf8');
  expect([server, client].map((text) => text.split(ADDRESS).length)).toEqual([2, 2]);
  const [serverFile, clientFile] = [`server-${scheme}.${extension}`, `client-${scheme}.${extension}`];
  const listening = `${server.replace(ADDRESS, `${scheme}://127.0.0.1:0`)}\nconsole.log(chat.address, '.');\n`;
  await writeFile(join(at, serverFile), listening);
  const [script, ...rest] = through === undefined ? [serverFile] : [through, serverFile];
  const { found, end } = await start(script, rest, at, /^(\S+) \.$/m);
  try {
    await writeFile(join(at, clientFile), client.replace(ADDRESS, found));
    const [file, ...args] = through === undefined ? [clientFile] : [through, clientFile];
    expect(await run(file, args, at)).toEqual(said);
  } finally {
    expect(await end()).toMatchObject({ stdout: `${found} .\n`, stderr: '' });
  }
}

describe('the tarball', () => {
  it('contains the needed files, and no others', () => {
    const known =
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|CONTRIBUTING\.md|docs\/[\w/-]+\.md|examples\/[\w/.-]+\.(m?[jt]s|md|py)|dist\/[\w./-]+(\.js|\.d\.ts))$/;
    expect(files.filter((file) => !known.test(file) || /test\.|\/(bench|examples)\//.test(file))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']));
    expect(files.filter((file) => file.startsWith('docs/')).length).toBeGreaterThan(5);
  });

  it('contains the files that its entries refer to', async () => {
    const { exports } = JSON.parse(await readFile(join(bare, 'node_modules/obverse/package.json'), 'utf8'));
    const targets = JSON.stringify(exports).match(/\.\/dist\/[^"]+/g) as string[];
    expect(targets.length).toBeGreaterThan(30);
    expect(targets.filter((target) => !files.includes(target.slice(2)))).toEqual([]);
  });

  it('contains no declarations that no entry refers to, and no source maps', { timeout: 60_000 }, async () => {
    const at = join(bare, 'reached');
    await mkdir(at);
    const text = (await entriesOf(bare)).map((entry, n) => `export * as entry${n} from '${entry}';\n`).join('');
    await writeFile(join(at, 'all.ts'), text);
    const reached = new Set<string>();
    for (const conditions of [[], ['--customConditions', 'browser']]) {
      const options = ['--target', 'ES2022', '--module', 'ES2022', '--moduleResolution', 'Bundler', '--noEmit'];
      const args = [...options, ...conditions, '--types', '[]', '--listFilesOnly', 'all.ts'];
      const { stdout } = await run(compilers['TypeScript 6'], args, at);
      for (const path of stdout.match(/(?<=node_modules\/obverse\/).*\.d\.ts$/gm) ?? []) reached.add(path);
    }
    expect(files.filter((file) => file.endsWith('.d.ts')).sort()).toEqual([...reached].sort());
    expect(files.filter((file) => file.endsWith('.map'))).toEqual([]);
  });

  it('contains no name of a machine or a registry', async () => {
    const library = join(bare, 'node_modules/obverse');
    const told = (await filesIn(library)).map(async (file) => {
      const text = await readFile(join(library, file), 'utf8');
      const places = [root.replace(/[\\/]$/, ''), homedir()].filter((place) => text.includes(place));
      return [...places, ...(text.match(/\/\/[\w.-]*\bregistry\.[\w.-]+/g) ?? [])].map((what) => `${file}: ${what}`);
    });
    expect((await Promise.all(told)).flat()).toEqual([]);
  });

  it('installs exactly one dependency', async () => {
    const lock = JSON.parse(await readFile(join(bare, 'package-lock.json'), 'utf8')) as { packages: object };
    expect(Object.keys(lock.packages)).toEqual(['', 'node_modules/obverse', 'node_modules/reflect-metadata']);
  });
});

describe("the README's chat", () => {
  it('exists', () => expect([...chat.keys()]).toEqual(expect.arrayContaining(['chat.ts', 'server.ts', 'client.ts'])));

  describe.each([
    ['standard decorators', undefined],
    ['legacy decorators', { experimentalDecorators: true }],
  ])('with %s', (dialect, compilerOptions) => {
    const options = { target: 'ES2022', module: 'NodeNext', strict: true, types: ['node'], ...compilerOptions };

    it('runs with tsx', { timeout: 60_000 }, async () => {
      const at = await typed(`tsx ${dialect}`, compilerOptions);
      for (const scheme of transports) await talk(at, scheme, 'ts', tsx);
    });

    // quick-start.test.ts follows the quick start with both compilers.
    it('is compiled by TypeScript 7', { timeout: 60_000 }, async () => {
      const at = await typed(`compiled ${dialect}`, { ...options, skipLibCheck: true });
      const compiled = await run(compilers['TypeScript 7'], ['--pretty', 'false'], at);
      expect(compiled).toEqual({ code: 0, stdout: '', stderr: '' });
      for (const scheme of transports) await talk(at, scheme, 'js');
    });
  });

  it.each(Object.entries(compilers))(
    'type-checks on the other side with %s',
    { timeout: 60_000 },
    async (name, compiler) => {
      const at = await typed(`wrong ${name}`, { target: 'ES2022', module: 'NodeNext', strict: true, noEmit: true });
      const client = (chat.get('client.ts') as string)
        .replace("{ name: 'ann' }", "{ nom: 'ann' }")
        .replace('text })', 'txt })');
      await writeFile(join(at, 'client.ts'), client);
      const { code, stdout } = await run(compiler, ['--pretty', 'false'], at);
      expect(code).not.toBe(0);
      const errors = stdout.split('\n').filter((line) => line.includes('error TS'));
      expect(errors).toEqual([
        expect.stringContaining("Property 'txt' does not exist on type '{ from: string; text: string; }'"),
        expect.stringContaining("Cannot find name 'text'"),
        expect.stringContaining("'nom' does not exist in type '{ name: string; }'"),
      ]);
    },
  );
});

describe('the declarations', () => {
  // Other settings are in declarations.slow.test.ts.
  standAlone(() => bare, 'NodeNext', 'browser');
});

describe('the entries', () => {
  /** Runs a program that prints one object. */
  async function shown(file: string, text: string): Promise<Record<string, string[]>> {
    await writeFile(join(full, file), text);
    const { code, stdout, stderr } = await run(file, [], full);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout);
  }

  it('can be imported and required, and a plug-in is a function', async () => {
    const list = JSON.stringify(await entriesOf(full));
    // A required module may have two more names, for interoperability between CommonJS and ES modules.
    const collect = `
      shown[entry] = Object.keys(module)
        .filter((name) => name !== '__esModule' && name !== 'module.exports')
        .map((name) => \`\${name} \${typeof module[name]}\`)
        .sort();`;
    const print = 'console.log(JSON.stringify(shown));';
    const imported = await shown(
      'entries.mjs',
      `const shown = {}; for (const entry of ${list}) { const module = await import(entry); ${collect} } ${print}`,
    );
    const required = await shown(
      'entries.cjs',
      `const shown = {}; for (const entry of ${list}) { const module = require(entry); ${collect} } ${print}`,
    );
    expect(required).toEqual(imported);
    const { obverse, 'obverse/testing': testing, ...plugins } = imported;
    expect(obverse).toEqual(expect.arrayContaining(['RemoteAPI function', 'incoming function', 'outgoing function']));
    expect(testing).toEqual(expect.arrayContaining(['testCodec function', 'testTransport function']));
    expect(Object.keys(plugins).length).toBeGreaterThan(13);
    // Entries that a page imports for their effect export nothing.
    const effects = ['all', 'dynamic', 'multicast', 'middleware', 'reconnect', 'references', 'topics'].map(
      (name) => `obverse/${name}`,
    );
    for (const [entry, names] of Object.entries(plugins)) {
      if (effects.includes(entry)) expect(names, entry).toEqual([]);
      else expect(names, entry).toContain('default function');
    }
  });

  it('share one set of errors, whichever way they are loaded', async () => {
    const text = `
      import { createRequire } from 'node:module';
      import { parseAddress, ProtocolError, RpcError, UsageError } from 'obverse';
      import jrpc from 'obverse/codecs/jrpc';
      import tcp from 'obverse/transports/tcp';
      const thrown = (act) => { try { act(); } catch (error) { return error; } };
      const unreadable = thrown(() => jrpc(parseAddress('jrpc')).decode('{', () => {}, false));
      const misused = thrown(() => jrpc(parseAddress('jrpc?dialekt=lsp')));
      const required = createRequire(import.meta.url)('obverse');
      console.log(JSON.stringify({
        unreadable: unreadable instanceof ProtocolError && unreadable instanceof RpcError,
        misused: misused instanceof UsageError,
        required: required.RpcError === RpcError,
        tcp: typeof tcp,
      }));`;
    expect(await shown('identity.mjs', text)).toEqual({
      unreadable: true,
      misused: true,
      required: true,
      tcp: 'function',
    });
  });
});

describe('without the optional packages', () => {
  const major = Number(process.versions.node.split('.')[0]);
  // Newer runtimes have a WebSocket; here it is removed, as on Node 20.
  const options = major >= 22 ? ['--no-experimental-websocket'] : [];

  it.each([
    ['listening on ws:', "Chat.serve('ws://127.0.0.1:0')", 'npm install ws'],
    ['dialing ws:', "Chat.connect('ws://127.0.0.1:1')", 'npm install ws'],
    ['the codec msgpack', "Chat.serve('tcp://127.0.0.1:0', { codec: 'msgpack' })", 'npm install msgpackr'],
  ])('%s fails with the command that installs the package', async (_what, call, advice) => {
    expect(existsSync(join(bare, 'node_modules/ws'))).toBe(false);
    const text = `
      import { declareMethods, outgoing, RemoteAPI, UsageError } from 'obverse';
      class Chat extends RemoteAPI { said(receivers, args) {} }
      declareMethods(Chat, { said: outgoing });
      await ${call}.then(() => console.log('it works'), (error) => console.log(error instanceof UsageError, error.message));`;
    const file = join(bare, 'wanting.mjs');
    await writeFile(file, text);
    const { code, stdout, stderr } = await run(file, [], bare, options);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^true /);
    expect(stdout).toContain(advice);
  });
});
