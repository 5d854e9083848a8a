import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root folder of the project. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** One block of code in a page. */
export interface Block {
  readonly page: string;
  readonly line: number;
  /** The info string after the fence: `ts`, `ts run`, `sh`. */
  readonly info: string;
  readonly code: string;
}

/** The pages that users read. */
export function pages(): string[] {
  const docs = readdirSync(`${root}/docs`, { recursive: true, encoding: 'utf8' });
  return ['README.md', 'CONTRIBUTING.md', ...docs.filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)];
}

/** All pages that are published: the changelog and the index of the examples too. */
export function shippedPages(): string[] {
  const examples = readdirSync(`${root}/examples`, { recursive: true, encoding: 'utf8' });
  const indexes = examples
    .filter((file) => file.endsWith('.md'))
    .map((file) => `examples/${file.replaceAll('\\', '/')}`);
  return [...pages().map((page) => page.replaceAll('\\', '/')), 'CHANGELOG.md', ...indexes];
}

/** The text of a page with its code replaced by blanks, so that lines keep their numbers. */
export function proseOf(page: string): string {
  const blank = (code: string): string => code.replaceAll(/[^\n]/g, ' ');
  const text = readFileSync(`${root}/${page}`, 'utf8').replaceAll(/^```.*?^```$/gms, blank);
  return text.replaceAll(/(?<!`)(`+)(?!`)(?:(?!\n\s*\n).)*?(?<!`)\1(?!`)/gs, blank);
}

/** The blocks of code in a page. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  const text = readFileSync(`${root}/${page}`, 'utf8');
  for (const match of text.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)) {
    const line = text.slice(0, match.index).split('\n').length;
    blocks.push({ page, line, info: match[1] ?? '', code: match[2] ?? '' });
  }
  return blocks;
}

/** The name in the first line of a block of TypeScript, as in `// chat.ts`. */
export function nameOf(block: Block): string {
  return /^\/\/ ([\w-]+\.ts)\b/.exec(block.code)?.[1] ?? `block-${block.line}.ts`;
}

/** The expected output of a block: the comment after each `console.log`, which may continue in the next lines. */
export function promisedBy(block: Block): string[] {
  const promised: string[] = [];
  let open = false;
  for (const line of block.code.split('\n')) {
    const comment = /(?:^|;|\s)\s*\/\/ (.*)$/.exec(line)?.[1];
    if (line.includes('console.log(')) promised.push(comment ?? '');
    else if (open && /^\s*\/\//.test(line)) promised.push(`${promised.pop()} ${comment}`);
    open = line.includes('console.log(') || (open && /^\s*\/\//.test(line));
  }
  return promised.map(withoutBreaks);
}

/** A text with each run of white space replaced by one blank. */
export function withoutBreaks(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** The headings of a page at a level: 2 for `##`. */
export function headingsOf(page: string, level: number): { line: number; text: string }[] {
  const found = proseOf(page)
    .split('\n')
    .map((each, at) => ({ line: at + 1, text: each }));
  const marks = `${'#'.repeat(level)} `;
  return found
    .filter(({ text }) => text.startsWith(marks))
    .map(({ line, text }) => ({ line, text: text.slice(marks.length) }));
}

/** The anchors of the headings of a page, as viewers of Markdown make them. */
export function anchorsOf(page: string): Set<string> {
  const text = readFileSync(`${root}/${page}`, 'utf8').replaceAll(/^```.*?^```$/gms, '');
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map((match) => (match[1] as string).toLowerCase());
  return new Set(headings.map((heading) => heading.replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')));
}
