import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { anchorsOf, proseOf, root, shippedPages } from './pages.js';

/*
 * The pages as somebody reads them who has the package and nothing else: every relative link leads to a file that is published,
 * and nothing that is written as text disappears when the page is rendered.
 */
const pages = shippedPages();
/** The files that are published, and their folders. `dist/` is left out: no page may lead there, a repository has none. */
const published = new Set<string>();
beforeAll(() => {
  const shell = process.platform === 'win32';
  const packed = spawnSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], { cwd: root, shell });
  const [{ files }] = JSON.parse(packed.stdout.toString()) as [{ files: { path: string }[] }];
  for (const { path } of files) {
    if (path.startsWith('dist/')) continue;
    for (let each = path; each !== '.'; each = posix.dirname(each)) published.add(each);
  }
});

/** Where the links of a page lead: those in the text, those that are defined by a name, and those of HTML. */
function linksOf(page: string): string[] {
  const forms = /\]\(\s*<?([^)\s>]+)[^)]*\)|^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)|(?:href|src)="([^"]*)"/gm;
  return [...proseOf(page).matchAll(forms)].map((match) => (match[1] ?? match[2] ?? match[3]) as string);
}

describe.each(pages)('%s', (page) => {
  it('links to published files, and to headings that exist', () => {
    const broken = linksOf(page).filter((link) => {
      if (/^[a-z][a-z+.-]*:/i.test(link)) return false;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? page : posix.join(posix.dirname(page), decodeURI(file));
      if (!published.has(target.replace(/\/$/, ''))) return true;
      return anchor !== undefined && !anchorsOf(target).has(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('holds no mark of a merge', () => {
    expect(readFileSync(posix.join(root, page), 'utf8')).not.toMatch(/^(<{7}|={7}|>{7})( |$)/m);
  });
});

it('finds pages and links', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'CHANGELOG.md', 'docs/wire.md', 'examples/README.md']));
  expect(linksOf('README.md').length).toBeGreaterThan(20);
  expect(published).toContain('examples');
});

it('lists every page in the index', () => {
  const listed = new Set(linksOf('docs/README.md'));
  const own = pages
    .flatMap((page) => /^docs\/([\w-]+\.md)$/.exec(page)?.[1] ?? [])
    .filter((name) => name !== 'README.md');
  expect(own.filter((name) => !listed.has(name))).toEqual([]);
});

// The version of the package is on every page of it: one that says what "0.1.0" does speaks of itself.
it.each(pages.filter((page) => page !== 'CHANGELOG.md'))('%s speaks of no version of Obverse', (page) => {
  expect(readFileSync(`${root}/${page}`, 'utf8').match(/\bObverse v?\d+\.\d+/gi) ?? []).toEqual([]);
});
