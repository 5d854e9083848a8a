import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import obverse from '../../tools/vite.js';
import { root } from '../docs/pages.js';
import { filesIn, remove, run, scratch } from '../package/packed.js';

/*
 * The plug-in in Vite 7, which compiles with esbuild, and in Vite 8, which compiles with Oxc: for the development
 * server and for a bundle.
 */
const vites = { 'Vite 7': () => import('vite'), 'Vite 8': () => import('vite8') as unknown as typeof import('vite') };

const spec = `import { incoming, RemoteAPI, type Reply, type Sender } from 'obverse';

export interface Named { name: string }
export class Chat extends RemoteAPI {
  @incoming({ hasReply: true }) join(_sender: Sender, args: Named): Reply<number> {
    throw new RangeError(args.name);
  }
}
`;
const program = `import { Chat } from './chat';
const side = await Chat.serve('memory:vite');
const room = await Chat.invert().connect('memory:vite');
side.join.connect(() => 3);
const told = await room.remote.join({ name: 'ann' }).catch((error) => error.message);
console.log(told);
await side.close();
`;
const files = {
  'chat.ts': spec,
  'chat.tsx': `${spec}export const shown = () => <p>{'@incoming'}</p>;\n`,
  'chat.mts': spec,
  'plain.ts': "/** @param one */\nexport const address: string = 'ann@example.org'; // @incoming\n",
  'main.ts': program,
  'worker.ts': "import { Chat } from './chat';\npostMessage(typeof Chat);\n",
  'page.ts': "new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });\n",
};
/** Both dialects: the compiler of Vite handles the legacy one itself. */
const dialects = { standard: false, legacy: true } as const;

let folder: string;
beforeAll(async () => {
  folder = await scratch();
  await mkdir(join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  for (const name of ['esbuild', 'reflect-metadata']) {
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
  }
  // As a page and a server load it: built, by export conditions.
  await symlink(root, join(folder, 'node_modules/obverse'), 'junction');
  for (const [dialect, experimentalDecorators] of Object.entries(dialects)) {
    const at = join(folder, dialect);
    await mkdir(at);
    for (const [file, text] of Object.entries(files)) await writeFile(join(at, file), text);
    const compilerOptions = { target: 'es2022', module: 'esnext', moduleResolution: 'bundler', jsx: 'react-jsx' };
    const tsconfig = { compilerOptions: { ...compilerOptions, experimentalDecorators } };
    await writeFile(join(at, 'tsconfig.json'), JSON.stringify(tsconfig));
  }
});
afterAll(() => remove(folder));

/** What a decorator looks like that was not compiled. */
const raw = /@incoming\(\{/;
const alias = { obverse: join(root, 'src/index.ts') };

describe.each(Object.entries(vites))('%s', (name, load) => {
  it.each(Object.entries(dialects))('serves a spec without its decorators: %s', async (dialect, legacy) => {
    const at = join(folder, dialect);
    const { createServer } = await load();
    const config = {
      root: at,
      configFile: false,
      logLevel: 'silent',
      server: { middlewareMode: true, hmr: false },
    } as const;
    const options = { ...config, resolve: { alias }, optimizeDeps: { noDiscovery: true } };
    const server = await createServer({ ...options, plugins: [obverse()] });
    const plain = await createServer({ ...options });
    try {
      for (const file of ['chat.ts', 'chat.mts', 'chat.ts?worker_file&type=module']) {
        const { code = '', map } = (await server.transformRequest(`/${file}`)) ?? {};
        expect(code, file).toContain('class Chat');
        expect(code, file).not.toMatch(raw);
        // The source map leads from the body of a method to its line in the source.
        expect((map as { sources?: string[] } | null)?.sources?.join(), file).toMatch(/chat\.m?ts/);
      }
      // Files without decorators are the same as without the plug-in.
      const [with_, without] = await Promise.all([server, plain].map((each) => each.transformRequest('/plain.ts')));
      expect(with_?.code).toBe(without?.code);
      // What the plug-in is for.
      if (name === 'Vite 8' && !legacy) expect((await plain.transformRequest('/chat.ts'))?.code).toMatch(raw);
    } finally {
      await Promise.all([server.close(), plain.close()]);
    }
  });

  it.each(Object.entries(dialects))('bundles a program, and a worker of a page: %s', async (dialect) => {
    const at = join(folder, dialect);
    const { build } = await load();
    const outDir = join(at, `out ${name}`);
    const plugins = [obverse()];
    const config = { root: at, configFile: false, logLevel: 'silent', plugins } as const;
    await build({ ...config, ssr: { external: ['obverse'] }, build: { ssr: 'main.ts', outDir, target: 'node20' } });
    expect(await run(join(outDir, 'main.js'), [], at)).toEqual({ code: 0, stdout: 'ann\n', stderr: '' });
    const pageDir = join(at, `page ${name}`);
    await build({
      ...config,
      plugins: [obverse()],
      worker: { format: 'es' },
      build: { outDir: pageDir, minify: false, rollupOptions: { input: join(at, 'page.ts') } },
    });
    const scripts = (await filesIn(pageDir)).filter((file) => file.endsWith('.js'));
    const texts = await Promise.all(scripts.map((file) => readFile(join(pageDir, file), 'utf8')));
    expect(texts.join('')).toMatch(/class Chat|Chat = class/);
    expect(texts.join('')).not.toMatch(raw);
  });
});
