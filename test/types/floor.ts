import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compilers, root, run, type Sandbox, sandbox } from '../spec/package.js';

/*
 * Programs of users with other settings than those of this repository, and with the oldest supported compiler: they see
 * the declarations of the library.
 */
const program = `
import { incoming, RemoteAPI, type Reply, type Sender, type Stream } from 'obverse';

export class Chat extends RemoteAPI {
  @incoming({ hasReply: true }) list(_sender: Sender, _args: { from?: number }): Reply<number> {}
  @incoming note(_sender: Sender, _args?: { from?: number }): void {}
  @incoming({ hasReply: true }) count(_sender: Sender): Reply<number> {}
  @incoming({ stream: true }) numbers(_sender: Sender, _args: { to: number }): Stream<number> {}
}
export async function sum(): Promise<number> {
  const chat = await Chat.invert().connect('tcp://127.0.0.1:1');
  let all = await chat.remote.list({ from: 1 });
  for await (const item of chat.remote.numbers({ to: 3 })) all += item;
  return all;
}
`;
/** The declarations are checked too. */
const settings = {
  target: 'es2022',
  module: 'nodenext',
  moduleResolution: 'nodenext',
  lib: ['es2022', 'esnext.disposable'],
  types: ['node'],
  noEmit: true,
  strict: true,
  skipLibCheck: false,
};
const oldest = join(root, 'node_modules/typescript54/bin/tsc');
const all = { ...compilers, 'TypeScript 5.4': oldest };

/** Tests that each compiler accepts the program with these changes of the settings, each with its name. */
export function compilesWith(...cases: readonly [name: string, changes: object][]): void {
  let box: Sandbox;
  beforeAll(async () => {
    box = await sandbox({ js: false });
    await writeFile(join(box.folder, 'chat.ts'), program);
  }, 60_000);
  afterAll(() => box[Symbol.asyncDispose]());

  describe.each(Object.entries(all))('%s', (_name, compiler) => {
    it.each(cases)('compiles a program %s', { timeout: 120_000 }, async (name, changes) => {
      expect(existsSync(compiler)).toBe(true);
      const file = join(box.folder, `tsconfig.${name.replaceAll(' ', '-')}.json`);
      await writeFile(file, JSON.stringify({ compilerOptions: { ...settings, ...changes }, files: ['chat.ts'] }));
      const { code, stdout } = await run(compiler, ['-p', file, '--pretty', 'false'], box.folder);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    });
  });
}
