import { gzipSync } from 'node:zlib';
import { build, type Metafile, type OutputFile } from 'esbuild';
import { root } from '../docs/pages.js';

/** How a bundler makes the files of a page, for esbuild; nothing is written. */
export const forPages = {
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
} as const;

/** How many bytes a folder of the source, a file of the core, a plug-in or a package adds to what a page loads. */
export interface Share {
  readonly room: string;
  readonly minified: number;
  /** Its share of the total: files in one chunk are compressed together. */
  readonly gzipped: number;
}

/** The sizes of files, each minified and gzipped by itself, as they are sent. */
export function sizesOf(files: readonly OutputFile[]): { minified: number; gzipped: number } {
  return {
    minified: files.reduce((sum, { contents }) => sum + contents.length, 0),
    gzipped: files.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0),
  };
}

/** The files that are loaded with some modules: their own, and those that these import statically. */
export function loadedWith({ outputs }: Metafile, ...modules: RegExp[]): string[] {
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

/**
 * The shares of what a page loads for JSON-RPC over WebSocket, and what else it may load, and for what. Computed from a
 * bundle of the source, which differs slightly from one of the package.
 */
export async function breakdown(): Promise<{ loaded: Share[]; later: Share[] }> {
  const { metafile, outputFiles } = await build({
    stdin: {
      contents: "export { incoming, outgoing, RemoteAPI } from './src/browser.ts';",
      resolveDir: root,
      loader: 'ts',
    },
    absWorkingDir: root,
    outdir: 'out',
    ...forPages,
  });
  const { outputs } = metafile;
  const files = loadedWith(metafile, /<stdin>/, /codecs\/jrpc\/strict\.ts$/, /transports\/ws\.browser\.ts$/);
  const written = outputFiles.filter(({ path }) =>
    files.some((file) => path.replaceAll('\\', '/').endsWith(`/${file}`)),
  );
  const whole = sizesOf(written);
  const rooms = new Map<string, number>();
  for (const file of files) {
    for (const [input, { bytesInOutput }] of Object.entries(outputs[file]?.inputs ?? {})) {
      const room = roomOf(input);
      rooms.set(room, (rooms.get(room) ?? 0) + bytesInOutput);
    }
  }
  const loaded = [...rooms].map(([room, minified]) => ({
    room,
    minified,
    gzipped: Math.round((minified / whole.minified) * whole.gzipped),
  }));
  const later = Object.entries(outputs)
    .filter(([file, { entryPoint = '' }]) => !files.includes(file) && entryPoint.startsWith('src/'))
    .map(([file, { entryPoint = '' }]) => ({
      room: entryPoint,
      ...sizesOf(outputFiles.filter(({ path }) => path.replaceAll('\\', '/').endsWith(`/${file}`))),
    }));
  const byWeight = (one: Share, other: Share): number => other.minified - one.minified;
  return { loaded: loaded.sort(byWeight), later: later.sort(byWeight) };
}

function roomOf(input: string): string {
  const [, folder] =
    /^(src\/extensions\/\w+\/|src\/\w+\/|codecs\/|transports\/|node_modules\/[^/]+\/)/.exec(input) ?? [];
  return folder ?? 'src/';
}

/** Shares as rows of a table. */
export function table(shares: readonly Share[]): string {
  return shares
    .filter(({ minified }) => minified > 0)
    .map(({ room, minified, gzipped }) => `${String(minified).padStart(8)} ${String(gzipped).padStart(7)}  ${room}`)
    .join('\n');
}
