import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { format } from 'node:util';
import ts from 'typescript';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { type Block, blocksOf, nameOf, pages, promisedBy, root, withoutBreaks } from './pages.js';

/*
 * Every block of TypeScript in the pages is a module: it is type-checked. A block `ts run` is also run, and must print what the
 * comments after `console.log` say. The other blocks of a page can import a block with a name in its first line, as in `// chat.ts`.
 */
const folder = `${root}/test/docs/.blocks/pages`;
const files = new Map<string, Block>();
for (const page of pages()) {
  for (const block of blocksOf(page)) {
    if (!/^(ts|typescript)\b/.test(block.info)) continue;
    const file = `${folder}/${page.replaceAll('/', '-')}/${nameOf(block)}`;
    if (files.has(file)) throw new Error(`${page}:${block.line}: there are two blocks called ${nameOf(block)}`);
    files.set(file, block);
  }
}
rmSync(folder, { recursive: true, force: true });
for (const [file, block] of files) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, block.code);
}
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the code in the pages', () => {
  it('is found', () => expect(files.size).toBeGreaterThan(10));

  it('is correct for the compiler', { timeout: 300_000 }, () => {
    const { config } = ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile);
    const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root);
    const declared = fileNames.filter((file) => file.endsWith('.d.ts'));
    const program = ts.createProgram([...declared, ...files.keys()], {
      ...options,
      moduleDetection: ts.ModuleDetectionKind.Force,
      // As Deno writes imports.
      allowImportingTsExtensions: true,
    });
    const wrong = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
      const block = file && files.get(file.fileName);
      const line = block ? block.line + 1 + (file?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0) : 0;
      return `${block?.page ?? file?.fileName}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
    expect(wrong).toEqual([]);
  });

  for (const [file, block] of files) {
    if (!/\brun\b/.test(block.info)) continue;
    it(`${block.page}:${block.line} runs`, async () => {
      const log = vi.spyOn(console, 'log').mockImplementation(() => {});
      await import(/* @vite-ignore */ file);
      const printed = log.mock.calls.map((call) => withoutBreaks(format(...call)));
      log.mockRestore();
      expect(printed).toEqual(promisedBy(block));
    });
  }
});
