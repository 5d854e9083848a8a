import { packageError } from '../src/contract/optional-package.js';

/** The plug-in in the form that Vite and Vitest accept. It has its own type, so that Vite's types are not needed. */
export interface DecoratorsPlugin {
  readonly name: string;
  /** Adds the plug-in to the bundles of web workers, which Vite builds with separate plug-ins. */
  config(): { worker: { plugins(): DecoratorsPlugin[] } };
  /**
   * Returns a module without its decorators, and its source map; undefined for a module without decorators. Rejects
   * with a UsageError if the package `esbuild` is needed and cannot be loaded.
   */
  transform(code: string, id: string): Promise<{ code: string; map: string } | undefined>;
}

type Transform = typeof import('esbuild').transform;

/** The files whose decorators are compiled. */
const SCRIPT = /\.[cm]?[jt]sx?$/;
/** Scripts inside other files: in a Vue component, in a page. */
const EMBEDDED = /(?:^|&)(?:lang|index=\d+)\.[cm]?[jt]sx?$/;
/** Modules of packages, which are compiled already, and virtual modules of plug-ins. */
const OTHERS = /\/node_modules\/|^\0/;

/** A decorator, or text that looks like one. */
const DECORATOR = /@\s*[\p{ID_Start}$_(\\]/u;

/** Whether a module is one of the project's scripts; a query may follow the name, as in `room.ts?worker_file`. */
function isScript(id: string, code: string): boolean {
  const [path = '', query = ''] = id.split(/\?(.*)/s);
  if (OTHERS.test(id)) return false;
  if (SCRIPT.test(path) || EMBEDDED.test(query)) return true;
  // The plug-in for Vue has turned the component into a script, unless that plug-in comes after this one.
  return path.endsWith('.vue') && !/(?:^|&)type=/.test(query) && !/^\s*</.test(code);
}

let loaded: Promise<Transform> | undefined;

/**
 * A plug-in for Vite (6, 7, 8) and Vitest (3 and later) that compiles standard decorators, which no browser and no Node
 * supports yet, and which the compiler of Vite 8 does not compile:
 *
 * ```ts
 * // vite.config.ts
 * import obverse from 'obverse/vite';
 * export default { plugins: [obverse()] };
 * ```
 *
 * It compiles the scripts of the project (`.ts`, `.tsx`, `.mts`, `.js` and the like, also in web workers, and those in
 * Vue components if it comes after the plug-in for Vue) with the package `esbuild`. It does not change files without
 * decorators or packages in `node_modules`. Its input is the output of Vite for a file: decorators of the legacy
 * dialect (`experimentalDecorators` in `tsconfig.json`), and all decorators in Vite 6 and 7, are already compiled by
 * then, and need neither this plug-in nor esbuild.
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
          // Only decorators: Vite compiles the rest for the browsers that the project targets.
          supported: { decorators: keep },
          sourcefile: id.replace(/\?.*/s, ''),
          sourcemap: 'external',
          sourcesContent: false,
        });
      const [kept, compiled] = await Promise.all([compile(true), compile(false)]);
      // The @ was in a string or in a comment.
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
