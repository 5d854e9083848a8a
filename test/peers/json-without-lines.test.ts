import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { Log, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { n: number; text: string }): Reply<unknown> {}
  @incoming tell(_sender: Sender, _args: { n: number }): void {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: { n: number }): Reply<unknown> {}
}
const Client = Spec.invert();

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});
const has = (program: string): boolean => {
  if (spawnSync(program, ['--version']).status === 0) return true;
  console.warn(`JSON of ${program} is not tested: there is no program ${program}`);
  return false;
};
const args = { n: 7, text: 'a "{[\\ ä漢🙂\n' };

describe.skipIf(!has('jq'))('jq, which writes each message over several lines', () => {
  it.each([
    ['pretty', []],
    ['with tabs', ['--tab']],
    ['without any line feed', ['--join-output']],
  ])('answers, %s', async (_how, options) => {
    const filter = 'select(.id) | { jsonrpc: "2.0", id, result: .params }';
    const command = { command: 'jq', args: ['--unbuffered', ...options, filter] };
    const log = new Log();
    const side = await Client.connect(
      { url: 'process:?framing=json', ...command },
      { codec: 'jrpc?hello=off', logger: log },
    );
    opened.push(side);
    const asked = Array.from({ length: 20 }, (_, n) => side.remote.echo({ ...args, n }));
    expect(await Promise.all(asked)).toEqual(asked.map((_, n) => ({ ...args, n })));
    expect(log.warnings).toEqual([]);
  });
});

const CLIENT = `
import json, socket, sys
link = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
indent = None if sys.argv[2] == "none" else int(sys.argv[2])
file = link.makefile("w", encoding="utf-8")
for n in range(10):
    json.dump({"jsonrpc": "2.0", "method": "tell", "params": {"n": n}}, file, indent=indent)
    json.dump({"jsonrpc": "2.0", "id": n, "method": "echo", "params": {"n": n, "text": "a \\"{[\\\\ ä漢🙂"}}, file,
              indent=indent, ensure_ascii=False)
file.flush()
decoder, text, answers = json.JSONDecoder(), "", {}
reader = link.makefile("r", encoding="utf-8")
while len(answers) < 10:
    text += reader.readline()
    while text.strip():
        try:
            message, end = decoder.raw_decode(text.lstrip())
        except ValueError:
            break
        text = text.lstrip()[end:]
        if "result" in message:
            answers[message["id"]] = message["result"]["n"]
        else:
            json.dump({"jsonrpc": "2.0", "id": message["id"], "result": message["params"]["n"] + 41}, file, indent=indent)
            file.flush()
print(json.dumps(answers))
`;

describe.skipIf(!has('python3'))('Python, which writes by json.dump', () => {
  it.each(['none', '0', '2'])('calls, is called and gets answers, with an indent of %s', async (indent) => {
    const log = new Log();
    const server = await Spec.serve('tcp://127.0.0.1:0?framing=json', { codec: 'jrpc', logger: log });
    opened.push(server);
    const told: number[] = [];
    server.tell.connect((_sender, { n }) => void told.push(n));
    let sum: unknown;
    server.echo.connect(async (sender, given) => {
      if (given.n === 9) sum = await server.to(sender).question({ n: 1 });
      return given;
    });
    const port = String(/:(\d+)/.exec(server.address)?.[1]);
    const { execFile } = await import('node:child_process');
    const printed = await new Promise<string>((resolve, reject) =>
      execFile('python3', ['-c', CLIENT, port, indent], (error, stdout) => (error ? reject(error) : resolve(stdout))),
    );
    expect(JSON.parse(printed)).toEqual(Object.fromEntries(Array.from({ length: 10 }, (_, n) => [n, n])));
    expect(told).toEqual(Array.from({ length: 10 }, (_, n) => n));
    expect(sum).toBe(42);
    expect(log.warnings).toEqual([]);
  });
});

describe('text between messages', () => {
  it('is one bad frame up to its line feed, and the link stays open', async () => {
    const log = new Log();
    const code = `
      process.stdout.write('listening on port 3000 {"jsonrpc"\\n');
      process.stdin.once('data', () => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id: 1, result: 7 }, null, 2)));`;
    const side = await Client.connect(
      { url: 'process:?framing=json', command: process.execPath, args: ['-e', code] },
      { codec: 'jrpc?hello=off', logger: log },
    );
    opened.push(side);
    expect(await side.remote.echo(args)).toBe(7);
    await until(() => log.texts.length > 0);
    expect(log.texts).toEqual([
      expect.stringMatching(
        /^Parse error.*: "listening on port 3000 .*" \(if the program prints this, .*standard error/,
      ),
    ]);
  });

  it('ends the link after ten lines', async () => {
    const code = `for (let n = 0; n < 20; n++) console.log('tick ' + n); setInterval(() => {}, 1000);`;
    const side = await Client.connect(
      { url: 'process:?framing=json', command: process.execPath, args: ['-e', code] },
      { codec: 'jrpc?hello=off', logger: null },
    );
    opened.push(side);
    await expect(side.remote.echo(args)).rejects.toThrow(/^11 messages in a row could not be read; .*"tick 10"/);
  });
});
