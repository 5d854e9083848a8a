import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import type { Options } from '../../src/index.js';
import { stopClock } from '../../src/testing/clock.js';
import { record, replay } from '../../src/testing/index.js';
import { failure, Log, until } from '../support/core-waiting.js';
import { clear, Desk, dial, serve } from './sides.js';

afterEach(clear);

const TOKEN = 'c0nfidential-t0ken';
const ways: [string, string, Options][] = [
  ['tcp', 'tcp://127.0.0.1:0', {}],
  ['tcp, msgpack', 'tcp://127.0.0.1:0', { codec: 'msgpack' }],
  ['ws', 'ws://127.0.0.1:0/', {}],
  ['memory, clone', 'memory:secrets', { codec: 'clone' }],
  ['ws, under a security', 'ws://127.0.0.1:0/', { security: 'user?user=x' }],
];

/** Whether a recording has the token, in its text or in its bytes. */
function hasToken(lines: readonly string[]): boolean {
  return lines.some((line) => {
    const { in: came, out } = JSON.parse(line) as { in?: { bytes?: string }; out?: { bytes?: string } };
    const bytes = Buffer.from((came ?? out)?.bytes ?? '', 'base64').toString('latin1');
    return line.includes(TOKEN) || bytes.includes(TOKEN);
  });
}

describe.each(ways)('a token, over %s,', (_way, address, options) => {
  it('is in no recording of either side, at its first use and later, and the recordings can be played', async () => {
    using clock = stopClock();
    const lines: [string[], string[]] = [[], []];
    let asked = 0;
    const { server } = await serve(
      record(address, (line) => void lines[0].push(line)),
      {
        ...options,
        authenticate: ({ credentials, expireIn }) => {
          asked++;
          expireIn(60_000);
          return (credentials as { token: string }).token === TOKEN && 'ann';
        },
      },
    );
    const credentials = { token: TOKEN };
    const client = await dial(
      record(server.address, (line) => void lines[1].push(line)),
      { ...options, credentials },
    );
    expect(await client.remote.whoami()).toBe('ann');
    await clock.turn(60_000);
    await until(() => asked === 2);
    expect(await client.remote.whoami()).toBe('ann');
    await client.close();
    await server.close();
    clock.restore();
    const text = lines.flat().join('\n');
    expect([hasToken(lines[0]), hasToken(lines[1])]).toEqual([false, false]);
    if (!text.includes('"bytes"')) expect(text.match(/\(hidden\)/g)?.length).toBe(4);

    const replayed = replay(lines[1]);
    const again = await Desk.invert().connect(replayed, { logger: null, ...options, credentials });
    expect(await again.remote.whoami()).toBe('ann');
    await until(() => again.stats().framesReceived >= 3);
    await again.remote.whoami().catch(() => {});
    await again.close();
  });

  it('is in no log and in no error when it is refused', async () => {
    const log = new Log();
    const { server } = await serve(address, {
      ...options,
      logger: log,
      logCalls: true,
      authenticate: ({ credentials }) => {
        if (credentials !== 'x') throw new Error('not x');
        return 'ann';
      },
    });
    const error = await failure(dial(server.address, { ...options, logger: log, credentials: TOKEN }));
    const unsent = await failure(
      dial(server.address, { ...options, logger: log, credentials: { TOKEN, f: { g: () => TOKEN, n: 1n } } }),
    );
    const texts = [error, unsent, error.cause, ...log.texts, ...log.warnings, server].map((each) =>
      inspect(each, { depth: 9 }),
    );
    expect(texts.join('\n')).not.toContain(TOKEN);
  });
});

it.each(['jrpc', 'msgpack'])('a token is not printed by OBVERSE_DEBUG=messages, with %s', async (codec) => {
  const program = fileURLToPath(new URL('./printing-program.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program, TOKEN, codec], {
    env: { ...process.env, OBVERSE_DEBUG: 'messages' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (more: string) => (text += more));
  const [code] = await once(child, 'close');
  expect(text).toContain('whoami');
  expect(text).toContain('rpc.hello');
  expect(text).toContain('rpc.auth');
  expect(text).toContain('(hidden)');
  expect(text).not.toContain(TOKEN);
  expect(code).toBe(0);
});
