import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Chat } from '../../examples/chat.js';
import { until } from '../support/core-waiting.js';

const absent = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))']).status !== 0;
const why = absent ? ' (n/a: there is no python3 of 3.11 or later)' : '';

function python(name: string, port: string) {
  const path = fileURLToPath(new URL(`../../examples/python/${name}.py`, import.meta.url));
  const program = spawn('python3', [path, port], { env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } });
  program.stderr.pipe(process.stderr);
  const lines: string[] = [];
  createInterface(program.stdout).on('line', (line) => lines.push(line));
  return { program, lines };
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

it.skipIf(absent)(`a server in Python keeps a chat${why}`, async () => {
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
