import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../docs/pages.js';
import { type Ability, abilities, type BeyondEngine } from './engines.js';

/** Cells by row, and by column. */
export type Cells = Record<string, Record<string, string>>;

const PAGE = 'docs/beyond-one-machine.md';

/** The table under a heading, as the page has it. */
export function documented(heading = 'What holds'): Cells {
  const [, section = ''] = readFileSync(join(root, PAGE), 'utf8').split(`## ${heading}\n`);
  const rows = section.split('\n## ', 1)[0]?.match(/^\|.*\|$/gm) ?? [];
  const cellsOf = (row: string): string[] =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const [head = [], , ...body] = rows.map(cellsOf);
  const [, ...columns] = head.map(nameOf);
  return Object.fromEntries(
    body.map(([row = '', ...given]) => [
      row,
      Object.fromEntries(columns.map((column, at) => [column, given[at] ?? ''])),
    ]),
  );
}

/** The name of an engine at the head of a column. */
function nameOf(head: string): string {
  return /`([\w+]+):`/.exec(head)?.[1] ?? head;
}

/** The same, as it is tested: what holds, and what the chat of `chat.test.ts` can do. */
export function cells(engines: Readonly<Record<string, BeyondEngine>>): Cells {
  const found: Cells = {};
  const put = (row: string, engine: string, cell: string): void => {
    found[row] = { ...found[row], [engine]: cell };
  };
  for (const [name, { guarantees, lacks, sameAs }] of Object.entries(engines)) {
    if (sameAs !== undefined) continue;
    for (const [row, cell] of Object.entries(guarantees)) put(row, name, cell);
    for (const ability of Object.keys(abilities) as Ability[])
      put(abilities[ability], name, lacks[ability] === undefined ? 'yes' : 'no');
  }
  return found;
}
