import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of the project. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** One block of code in a page. */
export interface Block {
  readonly page: string;
  readonly line: number;
  /** What stands behind the fence: `ts`, `ts run`, `sh`. */
  readonly info: string;
  readonly code: string;
}

/** The pages that users read. */
export function pages(): string[] {
  const docs = readdirSync(`${root}/docs`, { recursive: true, encoding: 'utf8' });
  return ['README.md', 'CONTRIBUTING.md', ...docs.filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)];
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

/** The name that a block of TypeScript gives itself in its first line, as in `// chat.ts`. */
export function nameOf(block: Block): string {
  return /^\/\/ ([\w-]+\.ts)\b/.exec(block.code)?.[1] ?? `block-${block.line}.ts`;
}
