import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Side } from 'obverse';

type Opened = { textDocument: { uri: string; languageId: string; version: number; text: string } };
type Place = { textDocument: { uri: string }; position: { line: number; character: number } };
type Server = { capabilities: { diagnosticProvider?: object } };
type Mistake = { message: string; code: number };

/** An editor's side of the Language Server Protocol, with the methods that this example needs. */
export class Editor extends RemoteAPI {
  @outgoing({ hasReply: true }) initialize(_to: Receivers, _args: object): Reply<Server> {}
  @outgoing initialized(_to: Receivers, _args: object): void {}
  @outgoing({ name: 'textDocument/didOpen' }) didOpen(_to: Receivers, _args: Opened): void {}
  @outgoing({ name: 'textDocument/hover', hasReply: true }) hover(_to: Receivers, _args: Place): Reply<object> {}
  @outgoing({ name: 'textDocument/diagnostic', hasReply: true })
  diagnose(_to: Receivers, _args: Opened): Reply<{ items: Mistake[] }> {}
  @outgoing({ hasReply: true }) shutdown(_to: Receivers): Reply<null> {}
  @outgoing exit(_to: Receivers): void {}
  @incoming({ name: 'textDocument/publishDiagnostics' })
  found(_from: Sender, _args: { diagnostics: Mistake[] }): void {}
  @incoming({ name: 'workspace/configuration', hasReply: true })
  configuration(_from: Sender, _args: { items: object[] }): Reply<object[]> {}
}

/** Starts a language server, opens a document, and returns its diagnostics, which a server sends by itself or on request. */
export async function open(command: string, document: Opened): Promise<[Side<Editor>, Promise<Mistake[]>]> {
  const editor = await Editor.connect(`process:${command}`, { codec: 'jrpc?dialect=lsp', logger: null });
  editor.configuration.connect((_server, { items }) => items.map(() => ({})));
  const pushed = new Promise<Mistake[]>((resolve) => {
    editor.found.connect((_server, { diagnostics }) => diagnostics.length > 0 && resolve(diagnostics));
  });
  const capabilities = { workspace: { configuration: true }, textDocument: { publishDiagnostics: {}, hover: {} } };
  const server = await editor.remote.initialize({ processId: process.pid, rootUri: null, capabilities });
  editor.remote.initialized({});
  editor.remote.didOpen(document);
  const asks = server.capabilities.diagnosticProvider !== undefined;
  return [editor, asks ? editor.remote.diagnose(document).then(({ items }) => items) : pushed];
}
