import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { root } from './pages.js';

interface Rule {
  readonly name: string;
  readonly to: { readonly pathNot?: readonly string[] };
}
const { default: config } = (await import(new URL('../../.dependency-cruiser.mjs', import.meta.url).href)) as {
  readonly default: { readonly forbidden: readonly Rule[] };
};

/* The page on the architecture names files and folders that exist, and has the rules of `.dependency-cruiser.mjs`. */
const text = readFileSync(`${root}/docs/architecture.md`, 'utf8').replaceAll(/^```.*?^```$/gms, '');

/** What is in backquotes. */
const quoted = (part: string): string[] => [...part.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] as string);

/** The cells of the table with these column heads. */
function table(head: string): string[][] {
  const [, body = ''] = text.split(`| ${head} |\n`);
  const lines = body.split('\n').slice(1);
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(0, end).map((line) =>
    line
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  );
}

const folders = (of: string): string[] =>
  readdirSync(`${root}/${of}`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${name}/`)
    .sort();

/** Where names without a path are: beside the name before them. */
function exists(name: string, before: string): boolean {
  const beside = before.slice(0, before.lastIndexOf('/') + 1);
  return ['', 'src/', `src/${beside}`, beside].some((folder) => existsSync(`${root}/${folder}${name}`));
}

it('names files and folders that exist', () => {
  const paths = quoted(text).filter((name) => /^[\w./-]+(\.m?ts|\.mjs|\/)$/.test(name));
  const ofExtensions = new Set(table('folder of `extensions/` |').flatMap(([name = '']) => quoted(name)));
  let before = '';
  const missing = paths.filter((name) => {
    const found = ofExtensions.has(name) || exists(name, before);
    if (name.includes('/')) before = name;
    return !found;
  });
  expect(paths.length).toBeGreaterThan(100);
  expect(missing).toEqual([]);
});

it('lists the layers', () => {
  const listed = table('folder | what it contains | read first').flatMap(([name = '']) => quoted(name));
  expect(listed.sort()).toEqual(folders('src'));
});

it('lists the extensions', () => {
  const listed = table('folder of `extensions/` |').flatMap(([name = '']) => quoted(name));
  expect(listed.sort()).toEqual(folders('src/extensions'));
});

describe('who may import whom', () => {
  /** What a rule allows, without the files themselves, in the notation of the page. */
  function allowed(rule: string): string[] {
    const { pathNot } = config.forbidden.find(({ name }) => name === rule)?.to ?? {};
    return (pathNot ?? []).map((path) =>
      path
        .replace(/^\^/, '')
        .replaceAll('\\', '')
        .replace(/^src\//, ''),
    );
  }
  const layers = new Map(
    table('layer | may import, beside itself').map(([layer = '', others = '']) => [
      layer === 'an extension' ? layer : (quoted(layer)[0] as string),
      quoted(others),
    ]),
  );
  const names = config.forbidden.flatMap(({ name }) => /^layer src\/(.*)/.exec(name)?.[1] ?? []);

  it('lists every layer that has a rule', () =>
    expect([...layers.keys()].sort()).toEqual([...names, 'an extension'].sort()));
  it.each(names)('%s', (layer) => {
    const own = layer === 'plugins/' ? [] : [layer];
    expect([...(layers.get(layer) ?? []), ...own].sort()).toEqual([...new Set(allowed(`layer src/${layer}`))].sort());
  });
  it('extensions', () => {
    expect(['extensions/$1/', ...(layers.get('an extension') ?? [])].sort()).toEqual(allowed('extension').sort());
    const others = table('extension | may import of other extensions').map(([name = '', more = '']) => [
      quoted(name)[0],
      quoted(more).sort(),
    ]);
    const rules = config.forbidden.flatMap(({ name }) => /^extension (.*)/.exec(name)?.[1] ?? []);
    const more = (name: string): string[] =>
      allowed(`extension ${name}`).flatMap((path) => /^extensions\/(.*)\/$/.exec(path)?.[1] ?? []);
    expect(others).toEqual(
      rules.map((name) => [
        name,
        more(name)
          .filter((other) => other !== name)
          .sort(),
      ]),
    );
  });
});
