import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { plugins as browserPlugins } from '../../src/plugins/browser.js';
import { plugins } from '../../src/plugins/node.js';
import { compilers, type Sandbox, sandbox } from '../spec/package.js';

/*
 * What an editor completes between quotes, by the declarations of the library. Each mark `|` in the text is the
 * position of the cursor.
 */
const text = `
import { codec, incoming, namespace, RemoteAPI, security, transport, type Sender } from 'obverse';
class Room extends RemoteAPI {
  @incoming enter(_sender: Sender): void {}
}
class Chat extends RemoteAPI {
  readonly room = namespace(Room);
}
const side = Chat.create({ codec: '|' });
Chat.create({ codec: { in: '|', out: 'jrpc' } });
Chat.invert().connect('tcp://127.0.0.1:1', { codec: '|' });
codec('|');
Chat.create({ transport: '|' });
Chat.serve('|');
Chat.connect('|');
Chat.invert().connect('|');
Chat.connect(['|']);
side.changeTransport('|');
transport('|');
Chat.create({ security: '|' });
security('|');
side.on('|', () => {});
side.room.on('|', () => {});
Chat.create({ validate: '|' });
`;
const cursors = text.split('\n').filter((line) => line.includes('|'));
const content = text.replaceAll('|', '');

/** A program with plug-ins of its own, and options after names. */
const own = `
import { type CodecSource, RemoteAPI, registerCodec, type TransportSource } from 'obverse';
import jrpc from 'obverse/codecs/jrpc';
class Chat extends RemoteAPI {}
registerCodec('mine', jrpc);
export const sources: CodecSource[] = ['mine', 'jrpc?dialect=lsp', String(Date.now())];
export const addresses: TransportSource[] = ['mine:x', 'tcp://127.0.0.1:8888?framing=nul', String(Date.now())];
export const sides = [Chat.create({ codec: 'mine?a=1', security: 'mine' }), Chat.create({ transport: 'mine:' })];
const name: string = String(Date.now());
export const more = [Chat.create({ codec: name, security: name, transport: name }), Chat.serve(name), Chat.connect(name)];
`;

let box: Sandbox;
beforeAll(async () => {
  box = await sandbox({ js: false });
}, 60_000);
afterAll(() => box[Symbol.asyncDispose]());

/** The language service for a program, with one entry of the library. */
function serviceOf(entry: string, file: string, program: string): ts.LanguageService {
  const editor = join(box.folder, file);
  const library = join(box.folder, 'node_modules/obverse');
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
    types: [],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    paths: { obverse: [join(library, entry)], 'obverse/*': [join(library, '*.d.ts')] },
  };
  const read = (path: string): string | undefined => (path === editor ? program : ts.sys.readFile(path));
  return ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [editor],
    getScriptVersion: () => '1',
    getScriptSnapshot: (path) => {
      const found = read(path);
      return found === undefined ? undefined : ts.ScriptSnapshot.fromString(found);
    },
    getCurrentDirectory: () => box.folder,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (path) => path === editor || ts.sys.fileExists(path),
    readFile: read,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  });
}

/** The completions at each cursor, by the line of the cursor. */
function completedBy(service: ts.LanguageService): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  let at = 0;
  for (const line of text.split('\n')) {
    const column = line.indexOf('|');
    if (column >= 0) {
      const entries = service.getCompletionsAtPosition(join(box.folder, 'editor.ts'), at + column, {})?.entries ?? [];
      found[line] = entries.map(({ name }) => name).sort();
    }
    at += line.replaceAll('|', '').length + 1;
  }
  return found;
}

const peers = ['connect', 'disconnect', 'lost', 'reconnected', 'reconnecting', 'resumed'];
const calls = ['call', 'closed', 'created', 'exception', 'return', 'sent', 'unknown'].map((name) => `method.${name}`);

describe.each([
  ['Node', 'src/index.d.ts', plugins],
  ['a page', 'src/browser.d.ts', browserPlugins],
] as const)('an editor, for %s,', (_name, entry, brought) => {
  it('completes codecs, securities, addresses and events', { timeout: 60_000 }, () => {
    const found = completedBy(serviceOf(entry, 'editor.ts', content));
    const codecs = Object.keys(brought.codecs).sort();
    const securities = Object.keys(brought.securities).sort();
    const wanted = Object.fromEntries(
      cursors.map((line) => {
        if (line.includes('codec')) return [line, codecs];
        if (line.includes('security')) return [line, securities];
        if (line.includes('validate')) return [line, ['both', 'incoming', 'off']];
        if (line.includes('room.on')) return [line, calls];
        if (line.includes('side.on')) return [line, [...peers, ...calls].sort()];
        return [line, 'addresses'];
      }),
    );
    const schemes = new Set([...Object.keys(brought.transports), 'wss', 'https', 'restart']);
    for (const [line, entries] of Object.entries(found)) {
      if (wanted[line] !== 'addresses') continue;
      expect(new Set(entries.map((address) => address.replace(/[:+].*/, '')))).toEqual(schemes);
      wanted[line] = entries;
    }
    expect(found).toEqual(wanted);
  });
});

it('completes the same with TypeScript 7 as a language server', { timeout: 120_000 }, async () => {
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    lib: ['es2022', 'esnext.disposable'],
    types: [],
    strict: true,
  };
  await writeFile(join(box.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['editor.ts'] }));
  await writeFile(join(box.folder, 'editor.ts'), content);
  const wanted = completedBy(serviceOf('src/index.d.ts', 'editor.ts', content));
  const server = spawn(process.execPath, [compilers['TypeScript 7'], '--lsp', '--stdio'], { cwd: box.folder });
  const link = createMessageConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
  link.onRequest(() => null);
  link.listen();
  try {
    const rootUri = pathToFileURL(box.folder).href;
    const uri = `${rootUri}/editor.ts`;
    await link.sendRequest('initialize', { processId: process.pid, rootUri, capabilities: {} });
    await link.sendNotification('initialized', {});
    const textDocument = { uri, languageId: 'typescript', version: 1, text: content };
    await link.sendNotification('textDocument/didOpen', { textDocument });
    const found: Record<string, string[]> = {};
    for (const [line, shown] of text.split('\n').entries()) {
      const character = shown.indexOf('|');
      if (character < 0) continue;
      const given = (await link.sendRequest('textDocument/completion', {
        textDocument: { uri },
        position: { line, character },
      })) as { items: { label: string }[] } | null;
      found[shown] = (given?.items ?? []).map(({ label }) => label).sort();
    }
    expect(found).toEqual(wanted);
  } finally {
    link.dispose();
    server.kill();
  }
});

it('any other string is accepted', async () => {
  await writeFile(join(box.folder, 'own.ts'), own);
  const service = serviceOf('src/index.d.ts', 'own.ts', own);
  const said = service.getSemanticDiagnostics(join(box.folder, 'own.ts'));
  expect(said.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
});
