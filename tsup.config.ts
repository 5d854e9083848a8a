import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { defineConfig, type Options } from 'tsup';
import ts from 'typescript';

/** One entry for each file of a folder, so that the core, which they share, stays in chunks that exist once. */
function pluginsIn(folder: string): Record<string, string> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));
  return Object.fromEntries(files.map((file) => [`${folder}/${file.slice(0, -'.ts'.length)}`, `${folder}/${file}`]));
}

/** The entries of the extensions that a page may import. */
function extensionEntries(): Record<string, string> {
  const names = readdirSync('src/extensions').filter((name) => existsSync(`src/extensions/${name}/install.ts`));
  return Object.fromEntries(names.map((name) => [`extensions/${name}`, `src/extensions/${name}/install.ts`]));
}

/**
 * The modules that the core loads when they are needed, plug-ins included; the testing utilities are not among them.
 */
function loadedLater(): Set<string> {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !/^testing\b/.test(file),
  );
  return new Set(
    files.flatMap((file) => {
      const imports = readFileSync(resolve('src', file), 'utf8').matchAll(/\bimport\('(\.[^']+)\.js'\)/g);
      return [...imports].map(([, path]) => resolve('src', dirname(file), `${path}.ts`));
    }),
  );
}

/**
 * Each of these uses different parts of the core, and the bundler would split the core into as many chunks as there are
 * combinations, all of which a page would load. So each of them imports the whole core, which is loaded anyway.
 */
const wholeCore: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'whole core',
  setup(build) {
    const later = loadedLater();
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      if (!later.has(path)) return undefined;
      const to = (file: string): string => `./${relative(dirname(path), resolve('src', file)).replaceAll('\\', '/')}`;
      const core = [
        `export { RemoteAPI as core } from '${to('exports.js')}';`,
        `export { browserExtensions as extensions } from '${to('plugins/browser-extensions.js')}';`,
      ];
      return {
        contents: `${readFileSync(path, 'utf8')}${core.join('\n')}\n`,
        loader: 'ts',
      };
    });
  },
};

/**
 * Removes field declarations without a value from classes whose constructor assigns those fields first, as it does for
 * each parameter property: the objects are the same without them.
 */
const withoutAssignedFields: NonNullable<Options['plugins']>[number] = {
  name: 'without assigned fields',
  renderChunk(code) {
    const cuts: (readonly [from: number, to: number])[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isClassLike(node)) {
        const assigned = assignedIn(node.members.find(ts.isConstructorDeclaration));
        for (const member of node.members) {
          if (!ts.isPropertyDeclaration(member) || member.initializer !== undefined || member.modifiers) continue;
          if (assigned.has(member.name.getText())) cuts.push([member.getFullStart(), member.end]);
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile('chunk.js', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS));
    cuts.sort(([a], [b]) => a - b);
    return { code: cuts.reduceRight((text, [from, to]) => text.slice(0, from) + text.slice(to), code) };
  },
};

/** The fields that the statements of a constructor assign themselves. */
function assignedIn(made: ts.ConstructorDeclaration | undefined): Set<string> {
  return new Set(
    [...(made?.body?.statements ?? [])].flatMap((statement) => {
      const assignment = /^this\.(\w+) = /.exec(statement.getText());
      return assignment === null ? [] : [assignment[1] as string];
    }),
  );
}

// Only `.js`: `tsc` makes the declarations, one for each source file.
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    browser: 'src/browser.ts',
    testing: 'src/testing/index.ts',
    all: 'src/all.ts',
    ...extensionEntries(),
    ...pluginsIn('codecs'),
    ...pluginsIn('transports'),
    ...pluginsIn('tools'),
  },
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  splitting: true,
  clean: true,
  dts: false,
  sourcemap: false,
  external: [/^node:/],
  esbuildPlugins: [wholeCore],
  plugins: [withoutAssignedFields],
});
