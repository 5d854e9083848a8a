import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { open } from '../../examples/language-server.js';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const document = {
  uri: 'file:///obverse-example.ts',
  languageId: 'typescript',
  version: 1,
  text: 'const answer: number = "forty-two";\nexport { answer };\n',
};

describe.each([
  ['typescript-language-server with TypeScript 6', `node ${modules}/typescript-language-server/lib/cli.mjs --stdio`],
  ['tsc --lsp of TypeScript 7', `node ${modules}/typescript7/bin/tsc --lsp --stdio`],
])('%s', (_name, command) => {
  it('reports the error, hovers, asks for its configuration, shuts down', { timeout: 90_000 }, async () => {
    const [editor, found] = await open(command, { textDocument: document });
    const asked = new Promise<object[]>((resolve) => {
      // In addition to the handler that answers: this one returns nothing.
      editor.configuration.connect((_server, { items }) => resolve(items) as never);
    });
    const mistakes = await found;
    expect(mistakes).toMatchObject([{ code: 2322 }]);
    expect(mistakes[0]?.message).toContain("'string' is not assignable to type 'number'");
    const hover = await editor.remote.hover({ textDocument: document, position: { line: 0, character: 8 } });
    expect(JSON.stringify(hover)).toContain('answer: number');
    expect((await asked).length).toBeGreaterThan(0);

    expect(await editor.remote.shutdown()).toBeNull();
    const gone = new Promise((resolve) => editor.on('disconnect', resolve));
    editor.remote.exit();
    await gone;
    await expect(editor.remote.shutdown()).rejects.toThrow('no peer is connected');
    await editor.close();
  });
});
