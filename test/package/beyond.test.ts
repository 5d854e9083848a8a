import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nats, startNats } from '../support/nats-server.js';
import { newcomer, packed, remove, run, scratch, start, tsx } from './packed.js';

/*
 * The package beyond one machine, for its users: the published tarball is installed elsewhere, and one program serves or calls a chat at the
 * address that it is given.
 */
const program = `import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';

class Chat extends RemoteAPI {
  @incoming({ hasReply: true }) join(sender: Sender, args: { name: string }): Reply<string> {}
  @incoming({ hasReply: true }) leave(sender: Sender): Reply<string> {}
  @outgoing({ hasReply: true }) confirm(receivers: Receivers, args: { question: string }): Reply<boolean> {}
}

const [role, address = ''] = process.argv.slice(2);
if (role === 'serve') {
  const chat = await Chat.serve(address as 'tcp:');
  chat.join.connect((sender, { name }) => \`\${process.pid} welcomes \${name}\`);
  chat.leave.connect(async (sender) => \`\${process.pid} \${await chat.confirm(sender, { question: 'sure?' })}\`);
  console.log(\`serves \${chat.address}.\`);
} else {
  const chat = await Chat.invert().connect(address as 'tcp:');
  chat.confirm.connect((sender, { question }) => question === 'sure?');
  const calls = Array.from({ length: 40 }, (_, n) => (n % 2 ? chat.remote.join({ name: 'ann' }) : chat.remote.leave()));
  console.log(JSON.stringify(await Promise.all(calls)));
  await chat.close();
}
`;

const curl = spawnSync('curl', ['--version']).error === undefined;

describe('the tarball, beyond one machine', () => {
  let folder: string;
  let project: string;
  beforeAll(async () => {
    folder = await scratch();
    project = await newcomer(folder, (await packed()).tarball, '@nats-io/transport-node');
    await writeFile(join(project, 'chat.ts'), program);
  }, 600_000);
  afterAll(() => remove(folder));

  const serve = (address: string) => start(tsx, ['chat.ts', 'serve', address], project, /^serves (.*)\.$/m);

  it.skipIf(nats.absent)(`chats over NATS with two workers, which call back${nats.why}`, async () => {
    const engine = await startNats();
    const address = `nats://127.0.0.1:${engine.port}/chat`;
    const workers = [await serve(address), await serve(address)];
    try {
      const { code, stdout, stderr } = await run(tsx, ['chat.ts', 'call', address], project);
      expect([code, stderr]).toEqual([0, '']);
      const answers = JSON.parse(stdout) as string[];
      const pids = [...new Set(answers.map((answer) => answer.split(' ')[0] as string))];
      expect(pids).toHaveLength(2);
      for (const [n, answer] of answers.entries()) expect(answer).toMatch(n % 2 ? /^\d+ welcomes ann$/ : /^\d+ true$/);
    } finally {
      await Promise.all(workers.map((worker) => worker.end()));
      await engine.end();
    }
  });

  it.skipIf(!curl)(`is called over HTTP by curl, and what HTTP cannot do is refused by name`, async () => {
    const server = await serve('http://127.0.0.1:0/chat');
    try {
      const body = '{"jsonrpc":"2.0","id":1,"method":"join","params":{"name":"ann"}}';
      const options = ['--silent', '--noproxy', '*', server.found, '-H', 'content-type: application/json', '-d', body];
      const { stdout } = spawnSync('curl', options, { encoding: 'utf8' });
      expect(JSON.parse(stdout)).toEqual({ jsonrpc: '2.0', id: 1, result: expect.stringMatching(/ welcomes ann$/) });
      // A server cannot call whoever has sent a request.
      const { code, stderr } = await run(tsx, ['chat.ts', 'call', server.found], project);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /confirm cannot be sent to .*: its link carries only notifications; .*use a transport in which peers answer/,
      );
    } finally {
      await server.end();
    }
  });
});
