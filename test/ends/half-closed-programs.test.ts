import { type ExecFileOptions, execFile, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';

/*
 * Programs that write their requests and close: pipes of a shell, and netcat.
 */

class Slow extends RemoteAPI {
  @incoming({ hasReply: true }) slow(_sender: Sender, _args: { text?: string }): Reply<string> {}
}

const program = fileURLToPath(new URL('../support/half-closed-program.ts', import.meta.url));

/** What a shell command writes to its standard output. */
function shell(command: string, env: Record<string, string> = {}): Promise<string> {
  const options: ExecFileOptions = { timeout: 20_000, env: { ...process.env, ...env } };
  return new Promise((resolve, reject) => {
    execFile('sh', ['-c', command], options, (error, stdout, stderr) =>
      error === null ? resolve(String(stdout)) : reject(new Error(`${error.message}\n${stderr}`)),
    );
  });
}

const line = (id: number, method: string, text: string): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params: { text } });

describe('a program whose standard input ends', () => {
  const server = (...args: string[]): string => [process.execPath, '--import', 'tsx', program, ...args].join(' ');

  it('still answers calls whose asynchronous handlers are running', async () => {
    const said = await shell(`printf '%s\\n' "$CALL" | ${server()}`, { CALL: line(1, 'slow', 'a') });
    expect(JSON.parse(said)).toEqual({ jsonrpc: '2.0', id: 1, result: 'slow a' });
  });

  it('answers a last line without a line feed', async () => {
    const said = await shell(`printf '%s' "$CALL" | ${server()}`, { CALL: line(1, 'quick', 'a') });
    expect(JSON.parse(said)).toEqual({ jsonrpc: '2.0', id: 1, result: 'quick a' });
  });

  it('answers everything of a file with more calls than may be queued', async () => {
    const writer = `const params = { text: "x" };
      for (let id = 0; id < 3000; id++) console.log(JSON.stringify({ jsonrpc: "2.0", id, method: "slow", params }))`;
    const said = await shell(`${process.execPath} -e '${writer}' | ${server()}`);
    const ids = said
      .trimEnd()
      .split('\n')
      .map((answer) => (JSON.parse(answer) as { id: number }).id);
    expect(ids).toEqual(Array.from({ length: 3_000 }, (_, id) => id));
  });

  it('answers in the framing of a language server', async () => {
    const body = line(1, 'slow', 'a');
    const said = await shell(
      `printf 'Content-Length: ${body.length}\\r\\n\\r\\n%s' "$CALL" | ${server('stdio:', "'jrpc?dialect=lsp'")}`,
      { CALL: body },
    );
    expect(said).toMatch(/^Content-Length: \d+\r\n\r\n\{.*"slow a".*\}$/);
  });
});

const netcat = spawnSync('nc', ['-h'], { encoding: 'utf8' });
const absent = netcat.error !== undefined || !/shutdown/i.test(netcat.stderr + netcat.stdout);
if (absent) console.warn('skipped: nc -N of netcat-openbsd is not installed');

describe.skipIf(absent)('nc -N', () => {
  it.each([
    ['tcp', 'tcp://127.0.0.1:0', (address: string) => `127.0.0.1 ${new URL(address).port}`],
    ['unix', `unix:${join(tmpdir(), `obverse-nc-${process.pid}`)}`, (address: string) => `-U ${address.slice(5)}`],
  ])('receives the answers on %s', async (_name, address, target) => {
    await using server = await Slow.serve(address, { logger: null });
    server.slow.connect(async (_sender, { text }) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return `slow ${text}`;
    });
    const said = await shell(`printf '%s\\n%s' "$ONE" "$TWO" | nc -N ${target(server.address)}`, {
      ONE: line(1, 'slow', 'a'),
      TWO: line(2, 'slow', 'b'),
    });
    expect(
      said
        .trimEnd()
        .split('\n')
        .map((answer) => JSON.parse(answer) as unknown),
    ).toMatchObject([
      { id: 1, result: 'slow a' },
      { id: 2, result: 'slow b' },
    ]);
  });
});
