import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { call, eventsIn, serveDesk } from './sides.js';

const isAbsent = spawnSync('curl', ['--version']).error !== undefined;
const why = isAbsent ? ' (skipped: the program curl is not installed)' : '';

/** What curl prints: the response, and its status in the last line. */
async function curl(...options: readonly string[]): Promise<{ readonly status: number; readonly text: string }> {
  const all = ['--silent', '--show-error', '--noproxy', '*', '--max-time', '30', '-w', '\n%{http_code}', ...options];
  const { stdout } = await promisify(execFile)('curl', all);
  const at = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(at + 1)), text: stdout.slice(0, at) };
}

const JSON_BODY = ['-H', 'content-type: application/json', '-d'];

describe.skipIf(isAbsent)(`curl${why}`, () => {
  it('makes a call, a batch and a notification', async () => {
    const { address, notes } = await serveDesk();
    const sum = call('add', { a: 2, b: 40 });
    expect(await curl(address, ...JSON_BODY, sum)).toEqual({
      status: 200,
      text: '{"jsonrpc":"2.0","id":1,"result":42}',
    });
    const batch = await curl(address, ...JSON_BODY, `[${sum},${call('add', { a: 1, b: 1 }, 2)}]`);
    expect(JSON.parse(batch.text)).toEqual([
      { jsonrpc: '2.0', id: 1, result: 42 },
      { jsonrpc: '2.0', id: 2, result: 2 },
    ]);
    const note = '{"jsonrpc":"2.0","method":"note","params":{"text":"by curl"}}';
    expect(await curl(address, ...JSON_BODY, note)).toEqual({ status: 202, text: '' });
    expect(notes).toEqual(['by curl']);
  });
  it('is told what it does wrong', async () => {
    const { address } = await serveDesk();
    const { status, text } = await curl('-X', 'PUT', address);
    expect(status).toBe(405);
    expect(text).toContain('calls are made by POST');
    // Without the option, curl sends a form.
    expect((await curl(address, '-d', call('add', { a: 1, b: 2 }))).status).toBe(415);
  });
  it('receives progress as events', async () => {
    const { address } = await serveDesk();
    const accept = ['-N', '-H', 'accept: application/json, text/event-stream'];
    const about = '{"jsonrpc":"2.0","method":"rpc.about","params":{"call":1,"progress":true}}';
    const { status, text } = await curl(...accept, address, ...JSON_BODY, `[${about},${call('echo', { text: 'hi' })}]`);
    expect(status).toBe(200);
    expect(eventsIn(text)[0]).toMatchObject({ method: 'rpc.progress', params: [1, { length: 2 }] });
    expect(eventsIn(text).flat().at(-1)).toMatchObject({ id: 1, result: 'hi' });
  });
  it('sends a body that is announced with Expect', async () => {
    const { address } = await serveDesk();
    const text = 'x'.repeat(100_000);
    const answered = await curl('-H', 'expect: 100-continue', address, ...JSON_BODY, call('echo', { text }));
    expect(JSON.parse(answered.text)).toMatchObject({ result: text });
  });
});
