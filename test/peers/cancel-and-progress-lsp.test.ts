import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Side } from 'obverse';
import { describe, expect, it, vi } from 'vitest';
import { until } from '../support/core-waiting.js';
import { type Tapped, tapped } from '../support/tapped.js';

type Progress = { token: number | string; value: { kind: string; title?: string } };
type Place = { textDocument: { uri: string }; position?: { line: number; character: number }; context?: object };

/** An editor, as far as long-running work in a server concerns it. */
class Editor extends RemoteAPI {
  @outgoing({ hasReply: true }) initialize(_to: Receivers, _args: object): Reply<object> {}
  @outgoing initialized(_to: Receivers, _args: object): void {}
  @outgoing({ name: 'textDocument/didOpen' }) didOpen(_to: Receivers, _args: object): void {}
  @outgoing({ name: 'textDocument/didClose' }) didClose(_to: Receivers, _args: Place): void {}
  @outgoing({ name: 'textDocument/references', hasReply: true })
  references(_to: Receivers, _args: Place): Reply<object[]> {}
  @outgoing({ name: 'textDocument/diagnostic', hasReply: true })
  diagnose(_to: Receivers, _args: Place): Reply<{ items: object[] }> {}
  @outgoing({ name: 'workspace/executeCommand', hasReply: true })
  execute(_to: Receivers, _args: { command: string; arguments: unknown[] }): Reply<unknown> {}
  @outgoing({ hasReply: true }) shutdown(_to: Receivers): Reply<null> {}
  @outgoing exit(_to: Receivers): void {}
  @incoming({ name: '$/progress' }) progress(_from: Sender, _args: Progress): void {}
  @incoming({ name: 'window/workDoneProgress/create', hasReply: true })
  announce(_from: Sender, _args: { token: number | string }): Reply<null> {}
  @incoming({ name: 'client/registerCapability', hasReply: true })
  register(_from: Sender, _args: object): Reply<null> {}
  @incoming({ name: 'workspace/configuration', hasReply: true })
  configuration(_from: Sender, _args: { items: object[] }): Reply<object[]> {}
}

interface Desk {
  readonly editor: Side<Editor>;
  readonly wire: Tapped;
  /** The progress that the server reports on its own, without a call. */
  readonly told: Progress[];
}

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const folder = new URL('../..', import.meta.url);

/** Starts a server, uses it, and shuts it down as the protocol specifies. */
async function withServer(command: string, work: (desk: Desk) => Promise<void>): Promise<void> {
  const wire = await tapped('jrpc?dialect=lsp');
  const editor = await Editor.connect(
    { url: `process:${command}`, stderr: 'ignore' },
    { codec: wire.codec, logger: null },
  );
  const told: Progress[] = [];
  try {
    editor.configuration.connect((_server, { items }) => items.map(() => ({})));
    editor.announce.connect(() => null);
    editor.register.connect(() => null);
    editor.progress.connect((_server, progress) => void told.push(progress));
    await editor.remote.initialize({
      processId: process.pid,
      rootUri: folder.href,
      workspaceFolders: [{ uri: folder.href, name: 'here' }],
      capabilities: { window: { workDoneProgress: true }, workspace: { configuration: true }, textDocument: {} },
    });
    editor.remote.initialized({});
    await work({ editor, wire, told });
    await editor.remote.shutdown();
    editor.remote.exit();
  } finally {
    await editor.close();
  }
}

/** Opens a document. */
function open({ editor }: Desk, uri: string, text: string): void {
  editor.remote.didOpen({ textDocument: { uri, languageId: 'typescript', version: 1, text } });
}

/**
 * The position of the answer to a call among all messages received; -1 if it has not arrived. `from`: the messages
 * before the call.
 */
const answerTo = ({ heard }: Tapped, id: unknown, from: number): number =>
  heard.findIndex((seen, at) => at >= from && seen.id === id && seen.method === undefined);

describe('typescript-language-server', () => {
  const command = `node ${modules}/typescript-language-server/lib/cli.mjs --stdio`;
  const uri = new URL('src/contract/errors.ts', folder).href;
  const text = readFileSync(new URL(uri), 'utf8');
  const lines = text.split('\n');
  const line = lines.findIndex((one) => one.includes('class RpcError'));
  const place = { textDocument: { uri }, position: { line, character: 15 } };
  const references = { ...place, context: { includeDeclaration: true } };

  it('receives no answer for a cancelled call, and receives the progress of another', { timeout: 90_000 }, async () => {
    await withServer(command, async (desk) => {
      const { editor, wire } = desk;
      open(desk, uri, text);
      const gone = new AbortController();
      const from = wire.heard.length;
      const first = editor.to(null, { signal: gone.signal }).references(references);
      const second = editor.remote.references(references);
      // The server works on this request by now, because it asks for formatting options before it begins.
      await until(() => wire.heard.some(({ method }) => method === 'workspace/configuration'));
      gone.abort();
      await expect(first).rejects.toMatchObject({ name: 'Aborted' });
      const [{ id } = {}, { id: other } = {}] = wire.sent.filter(({ method }) => method === 'textDocument/references');
      await until(() => wire.sent.some(({ method }) => method === '$/cancelRequest'));
      expect(wire.sent.filter(({ method }) => method === '$/cancelRequest').map(({ params }) => params)).toEqual([
        { id },
      ]);
      expect((await second).length).toBeGreaterThan(1);
      await until(() => answerTo(wire, id, from) >= 0);
      expect(answerTo(wire, id, from)).toBeLessThan(answerTo(wire, other, from));
      expect(wire.heard[answerTo(wire, id, from)]).toMatchObject({ result: [] });

      const told: unknown[] = [];
      const onProgress = (value: unknown): void => void told.push(value);
      const args = { command: '_typescript.goToSourceDefinition', arguments: [uri, place.position] };
      expect(await editor.to(null, { onProgress }).execute(args)).toHaveLength(1);
      expect(told).toMatchObject([
        { kind: 'begin', title: expect.stringContaining('source definitions') },
        { kind: 'end' },
      ]);
      // Its own progress has a token that is none of ours, and goes to the method of the spec.
      expect(desk.told[0]?.value).toMatchObject({ kind: 'begin', title: expect.stringContaining('Initializing') });
    });
  });
});

describe('tsc --lsp of TypeScript 7', () => {
  const command = `node ${modules}/typescript7/bin/tsc --lsp --stdio`;
  // Each line needs a check of its own, so the whole takes a while.
  const text = Array.from(
    { length: 2_000 },
    (_, at) => `const v${at}: { a: [${at}, string] } = { a: [${at}, ${at}] };`,
  );

  it('answers -32800 to a call that is cancelled while it runs', { timeout: 90_000 }, async () => {
    await withServer(command, async (desk) => {
      const { editor, wire } = desk;
      let refused: number | undefined;
      // Which moment falls within the work is unknown: several are tried, each with a new document.
      for (let attempt = 0; attempt < 20 && refused === undefined; attempt++) {
        const uri = pathToFileURL(`/obverse-slow-${attempt}.ts`).href;
        open(desk, uri, text.join('\n'));
        // Once it has answered this, it has read both documents, and begins at once with what is asked next.
        const ready = pathToFileURL(`/obverse-ready-${attempt}.ts`).href;
        open(desk, ready, '');
        await editor.remote.diagnose({ textDocument: { uri: ready } });
        const from = wire.heard.length;
        const given = editor
          .to(null, { signal: AbortSignal.timeout(Math.round(20 * 1.25 ** attempt)) })
          .diagnose({ textDocument: { uri } });
        const outcome = await given.then(
          () => 'answered',
          (error: Error) => error.name,
        );
        const { id } = wire.sent.findLast(({ method }) => method === 'textDocument/diagnostic') ?? {};
        await vi.waitFor(() => expect(answerTo(wire, id, from)).toBeGreaterThanOrEqual(0), { timeout: 60_000 });
        refused = wire.heard[answerTo(wire, id, from)]?.error?.code;
        if (refused !== undefined) expect(outcome).toBe('Aborted');
        // Otherwise each attempt would be slower than the one before.
        for (const closed of [uri, ready]) editor.remote.didClose({ textDocument: { uri: closed } });
      }
      expect(refused).toBe(-32_800);
      const uri = 'file:///obverse-quick.ts';
      open(desk, uri, 'const a: string = 1;');
      expect((await editor.remote.diagnose({ textDocument: { uri } })).items).toHaveLength(1);
    });
  });

  it('reports its own progress to the method of the spec, and to no call', { timeout: 90_000 }, async () => {
    await withServer(command, async (desk) => {
      const uri = new URL('src/contract/errors.ts', folder).href;
      open(desk, uri, readFileSync(new URL(uri), 'utf8'));
      const told: unknown[] = [];
      await desk.editor.to(null, { onProgress: (value) => void told.push(value) }).diagnose({ textDocument: { uri } });
      const { params, id } = desk.wire.sent.find(({ method }) => method === 'textDocument/diagnostic') ?? {};
      expect(params).toMatchObject({ workDoneToken: id });
      await until(() => desk.told.some(({ value }) => value.kind === 'end'));
      expect(desk.told[0]).toMatchObject({ token: expect.any(String), value: { kind: 'begin', title: 'Loading' } });
      expect(told).toEqual([]);
    });
  });
});
