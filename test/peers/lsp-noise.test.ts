import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createMessageConnection } from 'vscode-jsonrpc/node';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { Log, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<unknown> {}
}
const Client = Spec.invert();

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

/** A server with vscode-jsonrpc that also prints to its standard output, as programs do by mistake. */
const server = (printed: string): string => `
  const rpc = require('vscode-jsonrpc/node');
  const print = (text) => process.stdout.write(text);
  print(${JSON.stringify(printed)});
  const link = rpc.createMessageConnection(process.stdin, process.stdout);
  link.onError(() => {});
  link.onRequest('ask', ({ n }) => {
    print('asked for ' + n + '\\n');
    setTimeout(() => print('\\r\\n'), 1);
    return n;
  });
  link.listen();`;

async function start(code: string, log: Log) {
  const side = await Client.connect(
    { url: 'process:', command: process.execPath, args: ['-e', code] },
    { codec: 'jrpc?dialect=lsp', logger: log },
  );
  opened.push(side);
  return side;
}

describe('a language server that prints between its messages', () => {
  it('works, and the log shows what it prints and what to do', async () => {
    const log = new Log();
    const side = await start(server('starting up\n'), log);
    for (let n = 0; n < 4; n++) expect(await side.remote.ask({ n })).toBe(n);
    await until(() => log.texts.length >= 5);
    expect(log.texts[0]).toMatch(
      /^Parse error.*: "\(not a header\) starting up" \(if the program prints this, .*standard error/,
    );
    expect(log.texts.slice(1)).toEqual(
      [0, 1, 2, 3].map((n) => expect.stringContaining(`(not a header) asked for ${n}"`)),
    );
  });

  it("loses its link after ten such lines in a row, and its caller's error shows the last of them", async () => {
    const code = `for (let n = 0; n < 20; n++) console.log('tick ' + n); setInterval(() => {}, 1000);`;
    const side = await start(code, new Log());
    await expect(side.remote.ask({ n: 1 })).rejects.toThrow(
      /^11 messages in a row could not be read; .*"\(not a header\) tick 10" .*standard error/,
    );
  });
});

it('a client with vscode-jsonrpc that sends noise around its messages is served', async () => {
  const log = new Log();
  const side = await Spec.serve('tcp://127.0.0.1:0', { codec: 'jrpc?dialect=lsp', logger: log });
  opened.push(side);
  side.ask.connect((_sender, { n }) => n);
  const socket = connect(Number(new URL(side.address).port), '127.0.0.1');
  const link = createMessageConnection(socket, socket);
  link.listen();
  for (const [n, noise] of ['', '\n', '\r\n\r\n', 'a b\n', '{"level":30}\n'].entries()) {
    socket.write(noise);
    expect(await link.sendRequest('ask', { n })).toBe(n);
  }
  expect(log.texts).toEqual([
    expect.stringContaining('"(not a header) a b"'),
    expect.stringContaining('"(not a header) {\\"level\\":30}"'),
  ]);
  link.dispose();
  socket.destroy();
});
