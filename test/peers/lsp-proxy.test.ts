import { fileURLToPath } from 'node:url';
import type { LoggedCall } from 'obverse';
import { describe, expect, it } from 'vitest';
import { Editor } from '../../examples/language-server.js';
import { proxy } from '../../examples/lsp-proxy.js';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const textDocument = {
  uri: 'file:///obverse-proxy.ts',
  languageId: 'typescript',
  version: 1,
  text: 'const answer: number = "forty-two";\nexport { answer };\n',
};
const capabilities = { workspace: { configuration: true }, textDocument: { publishDiagnostics: {}, hover: {} } };

describe.each([
  ['typescript-language-server with TypeScript 6', `node ${modules}/typescript-language-server/lib/cli.mjs --stdio`],
  ['tsc --lsp of TypeScript 7', `node ${modules}/typescript7/bin/tsc --lsp --stdio`],
])('an editor that uses the proxy', (name, command) => {
  it(`works with ${name}, and everything is logged`, { timeout: 90_000 }, async () => {
    const log: LoggedCall[] = [];
    const front = await proxy('tcp-server://127.0.0.1:0', command, (call) => log.push(call));
    const editor = await Editor.connect(front.address, { codec: 'jrpc?dialect=lsp', logger: null });
    const asked = new Promise<object[]>((resolve) => {
      editor.configuration.connect((_server, { items }) => {
        resolve(items);
        return items.map(() => ({}));
      });
    });
    const told = new Promise<{ message: string; code: number }[]>((resolve) => {
      editor.found.connect((_server, { diagnostics }) => diagnostics.length > 0 && resolve(diagnostics));
    });
    const server = await editor.remote.initialize({ processId: process.pid, rootUri: null, capabilities });
    editor.remote.initialized({});
    editor.remote.didOpen({ textDocument });
    const asks = server.capabilities.diagnosticProvider !== undefined;
    const found = asks ? (await editor.remote.diagnose({ textDocument })).items : await told;
    expect(found).toMatchObject([{ code: 2322 }]);
    const hover = await editor.remote.hover({ textDocument, position: { line: 0, character: 8 } });
    expect(JSON.stringify(hover)).toContain('answer: number');
    expect((await asked).length).toBeGreaterThan(0);
    // Errors of the server arrive unchanged.
    await expect(editor.remote.hover({} as never)).rejects.toMatchObject({ code: expect.any(Number) });
    expect(await editor.remote.shutdown()).toBeNull();

    const lines = log.map(({ direction, kind, method, failure }) => [direction, kind, method, failure !== undefined]);
    expect(lines).toEqual(
      expect.arrayContaining([
        ['incoming', 'request', 'initialize', false],
        ['incoming', 'notification', 'initialized', false],
        ['incoming', 'notification', 'textDocument/didOpen', false],
        ['incoming', 'request', 'textDocument/hover', false],
        ['incoming', 'request', 'textDocument/hover', true],
        ['outgoing', 'request', 'workspace/configuration', false],
        ['incoming', 'request', 'shutdown', false],
      ]),
    );
    const gone = new Promise((resolve) => editor.on('disconnect', resolve));
    editor.remote.exit();
    await gone;
    await front.close();
  });
});
