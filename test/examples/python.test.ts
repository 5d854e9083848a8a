import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Chat } from '../../examples/chat.js';
import { until } from '../support/core-waiting.js';

const absent = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))']).status !== 0;
const why = absent ? ' (n/a: there is no python3 of 3.11 or later)' : '';

function python(name: string, port: string, errors: 'shown' | 'quiet' = 'shown') {
  const path = fileURLToPath(new URL(`../../examples/python/${name}.py`, import.meta.url));
  const program = spawn('python3', [path, port], { env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } });
  if (errors === 'shown') program.stderr.pipe(process.stderr);
  const lines: string[] = [];
  createInterface(program.stdout).on('line', (line) => lines.push(line));
  return { program, lines };
}

/** How a program exits, and what it writes to its standard error until then. */
async function ended(program: ChildProcessWithoutNullStreams): Promise<{ code: unknown; errors: string }> {
  let errors = '';
  program.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  const [code] = await once(program, 'close');
  return { code, errors };
}

it.skipIf(absent)(`a client in Python joins a chat${why}`, async () => {
  const chat = await Chat.serve('tcp://127.0.0.1:0');
  chat.join.connect((sender, { name }) => {
    chat.said(sender, { from: 'the room', text: `${name} is here` });
    return chat.peers.size;
  });
  const { program, lines } = python('chat_client', new URL(chat.address).port);
  await until(() => lines.length === 2);
  expect(lines.sort()).toEqual(['1 in the room', 'the room: ann is here']);
  await chat.close();
  expect(await once(program, 'close')).toEqual([0, null]);
});

it.skipIf(absent)(`a server in Python serves a chat${why}`, async () => {
  const { program, lines } = python('chat_server', '0');
  await until(() => lines.length === 1);
  const port = lines[0]?.replace('port ', '');
  const heard: string[] = [];
  for (const name of ['ann', 'bob', 'eve']) {
    const room = await Chat.invert().connect(`tcp://127.0.0.1:${port}`);
    room.said.connect((_server, { text }) => heard.push(text));
    expect(await room.remote.join({ name })).toBeLessThanOrEqual(2);
    await until(() => heard.includes(`${name} is here`));
    if (name !== 'ann') await room.close();
  }
  program.kill();
});

it.skipIf(absent)(`a client in Python reports in one line that no server runs${why}`, async () => {
  const free = await Chat.serve('tcp://127.0.0.1:0');
  const { port } = new URL(free.address);
  await free.close();
  const { code, errors } = await ended(python('chat_client', port, 'quiet').program);
  expect(errors).toMatch(new RegExp(`^no chat on 127\\.0\\.0\\.1:${port}: .+\n$`));
  expect(code).toBe(1);
});

it.skipIf(absent)(`a server in Python reports in one line that its port is in use${why}`, async () => {
  await using taken = await Chat.serve('tcp://127.0.0.1:0');
  const { port } = new URL(taken.address);
  const { code, errors } = await ended(python('chat_server', port, 'quiet').program);
  expect(errors).toMatch(new RegExp(`^cannot serve on 127\\.0\\.0\\.1:${port}: .+\n$`));
  expect(code).toBe(1);
});

it.skipIf(absent)(`both programs in Python exit with one line when they are interrupted${why}`, async () => {
  const server = python('chat_server', '0', 'quiet');
  await until(() => server.lines.length === 1);
  const client = python('chat_client', server.lines[0]?.replace('port ', '') ?? '', 'quiet');
  await until(() => client.lines.length === 2);
  for (const { program } of [client, server]) {
    const end = ended(program);
    program.kill('SIGINT');
    expect(await end).toEqual({ code: 130, errors: 'interrupted\n' });
  }
});
