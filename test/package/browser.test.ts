import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type BuildOptions, type BuildResult, build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../docs/pages.js';
import { browse, chromium } from './chromium.js';
import { filesIn, lend, packed, remove, scratch } from './packed.js';
import { answerRooms, furnished, Rooms } from './page/rooms.js';
import { answer, Desk, Taken } from './page/spec.js';
import { breakdown, forPages, loadedWith, sizesOf, table } from './rooms.js';

/**
 * The maximum of what a page loads for JSON-RPC over WebSocket, in bytes, minified and gzipped. A change that needs
 * more raises it here.
 */
const BOUND = 64_800;
/** The same for everything in one file, as for a page without modules. */
const SINGLE_FILE_BOUND = 168_000;

let folder: string;
let project: string;
beforeAll(async () => {
  folder = await scratch();
  project = join(folder, 'project');
  const library = join(folder, 'library');
  await cp((await packed()).library, library, { recursive: true });
  await mkdir(join(project, 'node_modules'), { recursive: true });
  await symlink(library, join(project, 'node_modules/obverse'), 'junction');
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  await lend(project, 'msgpackr');
  await cp(join(root, 'test/package/page'), join(project, 'page'), { recursive: true });
}, 60_000);
afterAll(() => remove(folder));

type Bundle = BuildResult<{ metafile: true; write: false }>;

/** Bundles for a page. A reachable Node module would fail here. */
function bundle(entryPoints: string[], options: BuildOptions = {}): Promise<Bundle> {
  return build({
    entryPoints,
    absWorkingDir: project,
    outdir: join(project, 'out'),
    ...forPages,
    ...options,
  }) as Promise<Bundle>;
}

describe('in a bundle for browsers', () => {
  let made: Bundle;
  beforeAll(async () => {
    await writeFile(join(project, 'page.ts'), "export { incoming, outgoing, RemoteAPI } from 'obverse';\n");
    made = await bundle(['page.ts']);
  });

  it('reaches no module of Node, and no other package', () => {
    const { inputs, outputs } = made.metafile;
    const external = Object.values(outputs).flatMap(({ imports }) => imports.filter((each) => each.external));
    expect(external).toEqual([]);
    // The library itself is outside of `node_modules`.
    expect(Object.keys(inputs).filter((input) => input.includes('node_modules/'))).toEqual([]);
    const asking = made.outputFiles.filter(({ text }) => /\b(from|import|require)\s*\(?\s*["'`]node:/.test(text));
    expect(asking.map(({ path }) => path)).toEqual([]);
  });

  /** What a page that uses JSON-RPC over WebSocket loads. */
  const loaded = () => {
    const wanted = loadedWith(made.metafile, /^page\.ts$/, /\bstrict-\w+\.js$/, /transports\/ws\.browser\.js$/);
    const files = made.outputFiles.filter(({ path }) => wanted.some((file) => join(project, file) === path));
    expect(files).toHaveLength(wanted.length);
    return files;
  };

  it('stays below its size limit for JSON-RPC over WebSocket', async () => {
    const files = loaded();
    const { minified, gzipped } = sizesOf(files);
    const rooms = await breakdown();
    console.log(
      [
        `A page loads ${gzipped} bytes (${minified} before gzip) in ${files.length} files; the bound is ${BOUND}.`,
        'Of that, minified and gzipped:',
        table(rooms.loaded),
        'What is loaded later, when something needs it:',
        table(rooms.later),
      ].join('\n'),
    );
    expect(gzipped).toBeLessThanOrEqual(BOUND);
  });

  it('stays below its size limit with everything in a single file', async () => {
    await writeFile(join(project, 'single.ts'), "import 'obverse/all';\nexport * from 'obverse';\n");
    const single = await bundle(['single.ts'], { splitting: false, format: 'iife', globalName: 'obverse' });
    const { minified, gzipped } = sizesOf(single.outputFiles);
    console.log(`A single file with everything has ${gzipped} bytes (${minified} before gzip).`);
    expect(gzipped).toBeLessThanOrEqual(SINGLE_FILE_BOUND);
  });

  // A sentence of each part, which no minifier shortens.
  it.each([
    ['standardTypes', 'expected base64, padded'],
    ['serializable', '@serializable decorates a class'],
    ['value types', 'types: there are two types with the id'],
    ['reference', '@reference decorates a class'],
    ['keep and release', 'only what a peer has passed by reference'],
    ['specFrom', 'the description is not valid JSON'],
    ['references', 'the limit "references" allows no more'],
    ['what no spec declares', 'is no longer served'],
    ['interceptors', 'has called next() twice'],
    ['many receivers', 'a group has a text as its name'],
    ['streams', 'sends more than its window of'],
    ['validation', 'the schema has failed'],
    ['guards', 'the call is not allowed'],
    ['stages', 'a stage returned another frame'],
    ['reconnecting', 'a side that listens is dialed again by its peers'],
    ['sessions that outlive their links', 'the two ends count their messages differently'],
    ['security', 'refused a message without security information, which this side requires'],
  ])('contains nothing of what it does not use: %s', async (_what, sentence) => {
    const built = join(project, 'node_modules/obverse/dist');
    const library = await Promise.all((await filesIn(built)).map((file) => readFile(join(built, file), 'utf8')));
    expect(library.some((text) => text.includes(sentence))).toBe(true);
    expect(loaded().some(({ text }) => text.includes(sentence))).toBe(false);
  });
});

describe('an entry that a page imports for its effect', () => {
  const sentences = {
    dynamic: 'is no longer served',
    multicast: 'a group has a text as its name',
    middleware: 'has called next() twice',
    references: 'the limit "references" allows no more',
    reconnect: 'a side that listens is dialed again by its peers',
  };
  it.each([
    ...Object.entries(sentences).map(([entry, sentence]) => [entry, [sentence]] as const),
    ['all', Object.values(sentences)] as const,
  ])('obverse/%s is kept by a bundler', async (entry, expected) => {
    const page = `with-${entry}.ts`;
    await writeFile(join(project, page), `import 'obverse/${entry}';\nexport { RemoteAPI } from 'obverse';\n`);
    const { metafile, outputFiles } = await bundle([page]);
    const files = loadedWith(metafile, new RegExp(`^${page}$`)).map((file) => join(project, file));
    const text = outputFiles.filter(({ path }) => files.includes(path)).map(({ text }) => text);
    const found = Object.values(sentences).filter((sentence) => text.join('').includes(sentence));
    expect(found).toEqual(expected);
  });
});

/** The expected results of every transport. */
const conversation = {
  sum: 20_100,
  answered: 'Here? Yes.',
  told: ['you will be asked: Here?'],
  large: 1_000_000,
  taken: '4001 somebody sits there',
  other: 'RangeError: no such seat',
};

/** The expected results of the features that are loaded when a spec, an option or a call needs them. */
const furniture = {
  sum: 55,
  half: [1.5, 'half: n: expected a positive number'],
  vault: 'the call is not allowed',
  back: 0,
  twice: 3,
  passed: true,
  logged: 'callback,count,echo,half,sum,twice,vault',
};

describe(`in Chromium${chromium === undefined ? ', which is not installed here' : ''}`, () => {
  it.skipIf(chromium === undefined)('works over every transport that a page has', { timeout: 90_000 }, async () => {
    const { outputFiles } = await bundle(['page/main.ts', 'page/far.ts', 'page/far-rooms.ts']);
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
    for (const side of sides) {
      answer(side, done);
      side.setHandler('late', (_sender, { to }: { to: number }) => Array.from({ length: to }, (_, at) => at + 1));
    }
    const rooms = await Rooms.serve<Rooms>({ url: 'ws:/rooms', server }, { ...furnished, codec: 'jrpc' });
    answerRooms(rooms);
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
        byNode: '"tcp://127.0.0.1:1" needs the transport "tcp", which exists in Node, Bun and Deno and not in browsers',
        notGiven: 'in browsers, msgpack must be registered',
        msgpack: conversation,
        survived: [0, [1, 2, 3], (2n ** 70n).toString(), [[1, 'a']]],
        worker: conversation,
        moved: [0, 1_000, 7],
        quit: [true, 0, true, 0],
        port: conversation,
        rooms: [furniture, furniture],
        late: [1, 2, 3],
        stillThere: true,
      });
    } finally {
      clearTimeout(timer);
      await browser.end();
      for (const side of [...sides, rooms]) await side.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
