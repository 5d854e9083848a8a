import { spawnSync } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { build as viteBuild } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf } from '../docs/pages.js';
import { lend, packed, remove, run, scratch } from './packed.js';

/*
 * A server in one file, as bundlers make it from the published library. It runs where no package is installed, so that
 * everything it uses comes from the bundle.
 */
const bun = process.env.BUN ?? 'bun';
const withoutBun = spawnSync(bun, ['--version']).error !== undefined;
if (withoutBun) console.warn('skipped: there is no bun on the PATH, nor in BUN');

/**
 * Calls over each transport or codec that needs an optional package, and over one that needs none. Prints the results.
 */
const server = `
import { declareMethods, incoming, RemoteAPI } from 'obverse';
class Sums extends RemoteAPI { add(sender, args) {} }
declareMethods(Sums, { add: incoming({ hasReply: true }) });
async function call(url, codec) {
  const server = await Sums.serve(url, { codec });
  server.add.connect((_sender, { a, b }) => a + b);
  const client = await Sums.invert().connect({ url: server.address, ...(url.startsWith('ws:') && { client: 'ws' }) }, { codec });
  const sum = await client.remote.add({ a: 1, b: 2 });
  await client.close();
  await server.close();
  return sum;
}
async function main() {
  for (const [url, codec] of [['tcp://127.0.0.1:0', 'jrpc'], ['tcp://127.0.0.1:0', 'msgpack'], ['ws://127.0.0.1:0', 'jrpc']])
    console.log(await call(url, codec).catch((error) => error.message));
}
main();
`;
const all = '3\n3\n3\n';
const neither = `3
the codec "msgpack" needs the package msgpackr here: npm install msgpackr
the transport ws: needs the package ws here: npm install ws
`;

let folder: string;
/** Projects: `full` has the optional packages, `bare` does not. */
let full: string;
let bare: string;
/** Without packages. */
let outside: string;
beforeAll(async () => {
  folder = await scratch();
  const { library } = await packed();
  [bare, full, outside] = ['bare', 'full', 'outside'].map((name) => join(folder, name)) as [string, string, string];
  await mkdir(outside);
  for (const project of [bare, full]) {
    await cp(library, join(project, 'node_modules/obverse'), { recursive: true });
    await lend(project, 'reflect-metadata');
    await writeFile(join(project, 'server.mjs'), server);
  }
  await lend(full, 'ws', 'msgpackr');
}, 120_000);
afterAll(() => remove(folder));

async function bundled(project: string, name: string, options: BuildOptions): Promise<string> {
  const output = join(outside, name);
  const result = await build({
    entryPoints: [join(project, 'server.mjs')],
    outfile: output,
    bundle: true,
    platform: 'node',
    logLevel: 'silent',
    ...options,
  });
  expect(result.errors).toEqual([]);
  return output;
}

async function bundledByVite(project: string, name: string): Promise<string> {
  await viteBuild({
    configFile: false,
    root: project,
    logLevel: 'silent',
    build: {
      ssr: 'server.mjs',
      outDir: join(outside, name),
      rollupOptions: { output: { entryFileNames: 'server.mjs' } },
    },
    ssr: { noExternal: true },
  });
  return join(outside, name, 'server.mjs');
}

const ran = async (file: string): Promise<string> => {
  const { code, stdout, stderr } = await run(file, [], outside);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};

/** The banner of the page: the only code block for a bundler in it. */
const banner = (): string => {
  const [block] = blocksOf('docs/transports.md').filter(({ code }) => code.includes('--banner'));
  return /--banner:js="(.*)"$/m.exec(block?.code ?? '')?.[1] ?? '';
};

describe('a server that is bundled with its optional packages', { timeout: 60_000 }, () => {
  it('works as CommonJS by esbuild', async () => {
    expect(await ran(await bundled(full, 'all.cjs', { format: 'cjs' }))).toBe(all);
  });

  it('reports, as an ES module by esbuild, that the package ws has no require, and what to do', async () => {
    const [tcp, msgpack, ws] = (await ran(await bundled(full, 'all.mjs', { format: 'esm' }))).split('\n');
    expect([tcp, msgpack]).toEqual(['3', '3']);
    expect(ws).toMatch(
      /^the transport ws: needs the package ws, which was found, but failed to load: Dynamic require of "\w+" is not supported\. .*banner .*--external:ws\)$/,
    );
  });

  it('works as an ES module by esbuild with the banner of the page', async () => {
    expect(banner()).not.toBe('');
    expect(await ran(await bundled(full, 'banner.mjs', { format: 'esm', banner: { js: banner() } }))).toBe(all);
  });

  it('works by Vite for a server', async () => {
    expect(await ran(await bundledByVite(full, 'vite'))).toBe(all);
  });

  it.skipIf(withoutBun)('works by bun build', async () => {
    const output = join(outside, 'bun.mjs');
    const args = ['build', 'server.mjs', '--target=node', `--outfile=${output}`];
    const { status, stderr } = spawnSync(bun, args, { cwd: full, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    expect(await ran(output)).toBe(all);
  });
});

describe('a server that is bundled without optional packages', { timeout: 60_000 }, () => {
  it.each(['esm', 'cjs'] as const)('starts, and names the missing package when it is used: %s', async (format) => {
    const extension = format === 'esm' ? 'mjs' : 'cjs';
    expect(await ran(await bundled(bare, `absent.${extension}`, { format }))).toBe(neither);
    const external = ['ws', 'msgpackr'];
    expect(await ran(await bundled(full, `external.${extension}`, { format, external }))).toBe(neither);
  });

  it('starts, and names the missing package when it is used: Vite', async () => {
    expect(await ran(await bundledByVite(bare, 'vite-absent'))).toBe(neither);
  });
});
