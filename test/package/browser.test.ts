import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BuildResult, build, type Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../docs/pages.js';
import { browse, chromium } from './chromium.js';
import { lend, remove, scratch, staged } from './packed.js';
import { answer, Desk, Taken } from './page/spec.js';

/** What a page loads at most for JSON-RPC over WebSocket, in bytes, minified and gzipped. A change that needs more says so here. */
const BOUND = 26_700;

let folder: string;
let project: string;
beforeAll(async () => {
  folder = await scratch();
  project = join(folder, 'project');
  const library = await staged(folder, { types: false });
  await mkdir(join(project, 'node_modules'), { recursive: true });
  await symlink(library, join(project, 'node_modules/obverse'), 'junction');
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  await lend(project, 'msgpackr');
  await cp(join(root, 'test/package/page'), join(project, 'page'), { recursive: true });
}, 60_000);
afterAll(() => remove(folder));

type Bundle = BuildResult<{ metafile: true; write: false }>;

/** Bundles as for a page. A module of Node that could be reached would fail here. */
function bundle(entryPoints: string[]): Promise<Bundle> {
  return build({
    entryPoints,
    absWorkingDir: project,
    outdir: join(project, 'out'),
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    tsconfigRaw: '{}',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
}

/** The files that are loaded with some modules: their own, and those that these import statically. */
function loadedWith({ outputs }: Metafile, ...modules: RegExp[]): string[] {
  const loaded = new Set<string>();
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const { path, kind } of outputs[file]?.imports ?? []) if (kind === 'import-statement') load(path);
  };
  for (const module of modules) {
    const file = Object.keys(outputs).find((each) => module.test(outputs[each]?.entryPoint ?? ''));
    if (file === undefined) throw new Error(`nothing was bundled from ${module}`);
    load(file);
  }
  return [...loaded];
}

describe('in a bundle for browsers', () => {
  let made: Bundle;
  beforeAll(async () => {
    await writeFile(join(project, 'page.ts'), "export { incoming, outgoing, RemoteAPI } from 'obverse';\n");
    made = await bundle(['page.ts']);
  });

  it('reaches no module of Node, and no package but one', () => {
    const { inputs, outputs } = made.metafile;
    const external = Object.values(outputs).flatMap(({ imports }) => imports.filter((each) => each.external));
    expect(external).toEqual([]);
    const packages = new Set(Object.keys(inputs).map((input) => /.*node_modules\/([^/]+)\//.exec(input)?.[1] ?? input));
    expect(packages.has('reflect-metadata')).toBe(true);
    expect(packages.has('ws') || packages.has('msgpackr')).toBe(false);
    const asking = made.outputFiles.filter(({ text }) => /\b(from|import|require)\s*\(?\s*["'`]node:/.test(text));
    expect(asking.map(({ path }) => path)).toEqual([]);
  });

  it('costs what it may for JSON-RPC over WebSocket', () => {
    const wanted = loadedWith(made.metafile, /^page\.ts$/, /codecs\/jrpc\.js$/, /transports\/ws\.browser\.js$/);
    const files = made.outputFiles.filter(({ path }) => wanted.some((file) => join(project, file) === path));
    expect(files).toHaveLength(wanted.length);
    const minified = files.reduce((sum, { contents }) => sum + contents.length, 0);
    const gzipped = files.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
    console.log(
      `A page loads ${gzipped} bytes (${minified} before gzip) in ${files.length} files; the bound is ${BOUND}.`,
    );
    expect(gzipped).toBeLessThanOrEqual(BOUND);
  });
});

/** What every way to speak must have given. */
const conversation = {
  sum: 20_100,
  answered: 'Here? Yes.',
  told: ['you will be asked: Here?'],
  large: 1_000_000,
  taken: '4001 somebody sits there',
  other: 'RangeError: no such seat',
};

describe(`in Chromium${chromium === undefined ? ', which is not installed here' : ''}`, () => {
  it.skipIf(chromium === undefined)('speaks every way that a page has', { timeout: 90_000 }, async () => {
    const { outputFiles } = await bundle(['page/main.ts', 'page/far.ts']);
    const files = new Map(outputFiles.map(({ path, text }) => [path.slice(join(project, 'out').length), text]));
    const server = http.createServer(({ url = '/' }, response) => {
      const file = files.get(url);
      const type = url === '/' ? 'text/html' : 'text/javascript';
      const text = url === '/' ? '<!doctype html><script type="module" src="/main.js"></script>' : file;
      if (text === undefined) response.writeHead(404).end();
      else response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8` }).end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    let done: (results: unknown) => void = () => {};
    const reported = new Promise<unknown>((resolve) => {
      done = resolve;
    });
    const sides = await Promise.all(
      ['jrpc', 'msgpack'].map((codec) =>
        Desk.serve<Desk>({ url: `ws:/${codec}`, server }, { codec, errorClasses: [Taken] }),
      ),
    );
    for (const side of sides) answer(side, done);
    const browser = browse(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, folder);
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<string>((resolve) => {
      timer = setTimeout(async () => resolve(`the page has reported nothing: ${await browser.end()}`), 60_000);
    });
    try {
      expect(await Promise.race([reported, silence])).toEqual({
        jrpc: conversation,
        hungUp: true,
        nobody: true,
        byNode: 'unknown transport "tcp" in "tcp://127.0.0.1:1"',
        notGiven: 'in browsers, msgpack is given by hand',
        msgpack: conversation,
        survived: [0, [1, 2, 3], (2n ** 70n).toString(), [[1, 'a']]],
        worker: conversation,
        moved: [0, 1_000, 7],
        port: conversation,
        stillThere: true,
      });
    } finally {
      clearTimeout(timer);
      await browser.end();
      for (const side of sides) await side.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
