import { packageError } from '../src/contract/optional-package.js';

/** The plug-in as Vite and Vitest take it. It has a type of its own, so that Vite's types are not needed. */
export interface DecoratorsPlugin {
  readonly name: string;
  /** Adds the plug-in to the bundles of web workers, which Vite builds with plug-ins of their own. */
  config(): { worker: { plugins(): DecoratorsPlugin[] } };
  /**
   * Gives a module without its decorators, and its source map; undefined for a module without decorators. Rejects with a UsageError if the
   * package `esbuild` is needed and cannot be loaded.
   */
  transform(code: string, id: string): Promise<{ code: string; map: string } | undefined>;
}

type Transform = typeof import('esbuild').transform;

/** The files whose decorators are compiled. */
const SCRIPT = /\.[cm]?[jt]sx?$/;
/** Scripts that stand in other files: in a component of Vue, in a page. */
const EMBEDDED = /(?:^|&)(?:lang|index=\d+)\.[cm]?[jt]sx?$/;
/** Modules of packages, which are compiled already, and modules that plug-ins make up. */
const OTHERS = /\/node_modules\/|^\0/;

/** A decorator, or what looks like one. */
const DECORATOR = /@\s*[\p{ID_Start}$_(\\]/u;

/** Whether a module is one of the project's scripts; a query may follow the name, as in `room.ts?worker_file`. */
function isScript(id: string, code: string): boolean {
  const [path = '', query = ''] = id.split(/\?(.*)/s);
  if (OTHERS.test(id)) return false;
  if (SCRIPT.test(path) || EMBEDDED.test(query)) return true;
  // The plug-in for Vue has made a script of the component, unless that plug-in comes behind this one.
  return path.endsWith('.vue') && !/(?:^|&)type=/.test(query) && !/^\s*</.test(code);
}

let loaded: Promise<Transform> | undefined;

/**
 * A plug-in for Vite (6, 7, 8) and Vitest (3 and later) that compiles standard decorators, which no browser and no Node can read yet, and
 * which the compiler of Vite 8 leaves as they are:
 *
 * ```ts
 * // vite.config.ts
 * import obverse from 'obverse/vite';
 * export default { plugins: [obverse()] };
 * ```
 *
 * It compiles the scripts of the project (`.ts`, `.tsx`, `.mts`, `.js` and the like, also in web workers, and those in components of Vue
 * if it comes behind the plug-in for Vue) by the package `esbuild`, and leaves alone what has no decorators, and packages in
 * `node_modules`. It works on what Vite has made of a file: decorators of the legacy
 * dialect (`experimentalDecorators` in `tsconfig.json`), and all decorators in Vite 6 and 7, are compiled by then, and need neither
 * this plug-in nor esbuild.
 */
export default function obverse(): DecoratorsPlugin {
  return {
    name: 'obverse:decorators',
    config: () => ({ worker: { plugins: () => [obverse()] } }),
    async transform(code, id) {
      if (!isScript(id, code) || !DECORATOR.test(code)) return undefined;
      loaded ??= load();
      const transform = await loaded;
      const compile = (keep: boolean) =>
        transform(code, {
          loader: 'jsx',
          jsx: 'preserve',
          target: 'esnext',
          // Only decorators: Vite compiles the rest for the browsers that the project names.
          supported: { decorators: keep },
          sourcefile: id.replace(/\?.*/s, ''),
          sourcemap: 'external',
          sourcesContent: false,
        });
      const [kept, compiled] = await Promise.all([compile(true), compile(false)]);
      // The @ stood in a text or in a comment.
      if (kept.code === compiled.code) return undefined;
      return { code: compiled.code, map: compiled.map };
    },
  };
}

async function load(): Promise<Transform> {
  try {
    const { transform } = await import('esbuild');
    return transform;
  } catch (cause) {
    throw packageError('obverse/vite, which compiles decorators,', 'esbuild', 'npm install -D esbuild', cause);
  }
}
