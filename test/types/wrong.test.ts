import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compilers, root, run, type Sandbox, sandbox } from '../spec/package.js';

/*
 * What does not fit is a compile error whose text says what to write. The files in `wrong` have it beside the code: a
 * comment `// error: text` above a line is a part of the error that both compilers report for that line, and they
 * report none for other lines. As for users, the declarations of the library are used.
 */
const folder = join(root, 'test/types/wrong');
const dialects = { standard: 'tsconfig.json', legacy: 'tsconfig.legacy.json' } as const;
type Dialect = keyof typeof dialects;

interface Wanted {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

function wantedIn(dialect: Dialect): Wanted[] {
  const wanted: Wanted[] = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
    const lines = readFileSync(join(folder, file), 'utf8').split('\n');
    for (const [at, line] of lines.entries()) {
      const [, only, text] = /^\s*\/\/ error(?: \((\w+)\))?: (.*)$/.exec(line) ?? [];
      if (text === undefined || (only !== undefined && only !== dialect)) continue;
      const next = lines.findIndex((other, index) => index > at && !/^\s*\/\//.test(other));
      wanted.push({ file, line: next + 1, text });
    }
  }
  return wanted;
}

/** The output of a compiler for the files in `wrong`, each error with all of its lines. */
function saidOf(output: string): Wanted[] {
  const said: Wanted[] = [];
  for (const match of output.matchAll(/^(\S+)\((\d+),\d+\): error (TS\d+: .*(?:\n .*)*)/gm)) {
    const [, path = '', line, text = ''] = match;
    if (path.includes('test/types/wrong/'))
      said.push({ file: path.split('/').at(-1) as string, line: Number(line), text });
  }
  return said;
}

let box: Sandbox;
beforeAll(async () => {
  box = await sandbox({ js: false });
  for (const file of Object.values(dialects)) {
    const paths = { obverse: [join(box.folder, 'node_modules/obverse/src/index.d.ts')] };
    const config = {
      extends: join(folder, file),
      compilerOptions: { rootDir: '/', types: [], paths },
      include: [folder],
    };
    await writeFile(join(box.folder, file), JSON.stringify(config));
  }
}, 60_000);
afterAll(() => box[Symbol.asyncDispose]());

describe.each(Object.entries(compilers))('%s', (_name, compiler) => {
  it.each(Object.keys(dialects) as Dialect[])('reports what to write: %s', { timeout: 120_000 }, async (dialect) => {
    const { stdout } = await run(compiler, ['-p', join(box.folder, dialects[dialect]), '--pretty', 'false'], root);
    const said = saidOf(stdout);
    const wanted = wantedIn(dialect);
    const unsaid = wanted.filter(
      ({ file, line, text }) =>
        !said.some((each) => each.file === file && each.line === line && each.text.includes(text)),
    );
    const unwanted = said.filter(({ file, line }) => !wanted.some((each) => each.file === file && each.line === line));
    expect({ unsaid, unwanted }).toEqual({ unsaid: [], unwanted: [] });
    expect(wanted.length).toBeGreaterThan(60);
  });
});
