// Who may import whom in the library: each layer only those below it, extensions the core but not the reverse, and no
// circle, whether by values, by types, or by lazy imports. `npm test` checks it; docs/architecture.md describes the
// layers.

/**
 * For each layer the folders and files that it may import, in addition to itself. The first entry that matches a file
 * applies.
 */
const layers = {
  'src/base/': [],
  'src/contract/': ['src/base/'],
  'src/types/': ['src/contract/', 'src/base/'],
  'src/spec/': ['src/types/', 'src/contract/', 'src/base/'],
  'src/session/': ['src/types/', 'src/contract/', 'src/base/'],
  'src/calls/': ['src/session/', 'src/spec/', 'src/types/', 'src/contract/', 'src/base/'],
  'src/plugins/registry.ts': ['src/contract/', 'src/base/'],
  'src/plugins/securities/': ['src/contract/', 'src/base/'],
  'src/plugins/': [
    'src/api/extension.ts',
    'src/plugins/',
    'src/contract/',
    'src/base/',
    'codecs/',
    'transports/',
    'src/extensions/',
  ],
  'src/api/': [
    'src/plugins/registry.ts',
    'src/calls/',
    'src/session/',
    'src/spec/',
    'src/types/',
    'src/contract/',
    'src/base/',
  ],
  'src/testing/': [
    'src/api/',
    'src/spec/',
    'src/plugins/registry.ts',
    'src/types/',
    'src/contract/',
    'src/base/',
    'transports/shared/',
  ],
};
const core = ['src/api/', 'src/calls/', 'src/session/', 'src/spec/', 'src/types/', 'src/contract/', 'src/base/'];
/** The other extensions that an extension may import. */
const extensions = {
  middleware: ['streams'],
  validation: ['streams', 'values'],
  references: ['values', 'streams'],
  dynamic: ['references', 'streams', 'errors'],
};

/** `obverse/<extension>` is an entry of the package, which installs the extensions that belong together. */
const entries = '^src/extensions/[^/]+/install\\.ts$';

const fits = (paths) => paths.map((path) => `^${path.replaceAll('.', '\\.')}`);
const names = Object.keys(layers);

export default {
  forbidden: [
    { name: 'no-circle', severity: 'error', from: { path: '^(src|codecs|transports)/' }, to: { circular: true } },
    ...names.map((layer, at) => ({
      name: `layer ${layer}`,
      severity: 'error',
      from: {
        path: `^${layer}`,
        pathNot: names
          .slice(0, at)
          .filter((name) => name.startsWith(layer))
          .map((name) => `^${name}`),
      },
      to: { pathNot: fits([layer, ...layers[layer]]), dependencyTypesNot: ['core'] },
    })),
    {
      name: 'extension',
      severity: 'error',
      from: {
        path: '^src/extensions/([^/]+)/',
        pathNot: [entries, ...Object.keys(extensions).map((name) => `^src/extensions/${name}/`)],
      },
      to: { pathNot: ['^src/extensions/$1/', ...fits(core)] },
    },
    ...Object.entries(extensions).map(([name, others]) => ({
      name: `extension ${name}`,
      severity: 'error',
      from: { path: `^src/extensions/${name}/`, pathNot: [entries] },
      to: { pathNot: fits([`src/extensions/${name}/`, ...others.map((other) => `src/extensions/${other}/`), ...core]) },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    detectJSDocImports: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
};
