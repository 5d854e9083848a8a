import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { anchorsOf, proseOf, root, shippedPages } from './pages.js';

/*
 * The pages of the published package: every relative link leads to a published file or heading.
 */
const pages = shippedPages();
/** The published files and their folders, without `dist/`: no page may link to it, because the repository does not contain it. */
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

/** The targets of the links of a page: inline links, reference definitions, and links in HTML. */
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

  it('contains no conflict markers', () => {
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

// Each version of the package has its own pages, so a page must not mention a version.
it.each(pages.filter((page) => page !== 'CHANGELOG.md'))('%s mentions no version of Obverse', (page) => {
  expect(readFileSync(`${root}/${page}`, 'utf8').match(/\bObverse v?\d+\.\d+/gi) ?? []).toEqual([]);
});
