import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compilers, run, type Sandbox, sandbox } from '../spec/package.js';

/*
 * The compiler of a user sees the declarations of the library, not its sources. Here with minimal settings: no types of
 * Node, no library for disposing, and the declarations themselves are checked.
 */
const program = `
import { incoming, namespace, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';
export class Room extends RemoteAPI {
  @incoming({ hasReply: true }) join(_sender: Sender, _args: { nick: string }): Reply<number> {}
}
export class Chat extends RemoteAPI {
  readonly room = namespace(Room);
  @outgoing said(_receivers: Receivers, _args: { text: string }): void {}
}
export const here = Chat.create();
export const there = Chat.invert().create();
export const opened = there.open();
export const inverse = Chat.invert();
export const remote = there.remote;
export const gather = there.gather(null);
export const join = here.room.join;
export const said = here.said;
export const question = incoming({ hasReply: true });
export const mark = outgoing;
export const answer: Promise<number> = there.room.join(null, { nick: 'ann' });
export const close: PromiseLike<void> = here[Symbol.asyncDispose]();
`;

let box: Sandbox;
beforeAll(async () => {
  box = await sandbox({ js: false });
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2022'],
    module: 'NodeNext',
    types: [],
    strict: true,
    declaration: true,
    skipLibCheck: false,
  };
  await writeFile(join(box.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
  await writeFile(join(box.folder, 'use.ts'), program);
}, 60_000);
afterAll(() => box[Symbol.asyncDispose]());

describe.each(Object.entries(compilers))('%s', (_name, compiler) => {
  it('sees the same types as the sources, with names that declarations can use', { timeout: 60_000 }, async () => {
    const said = await run(compiler, ['-p', box.folder, '--pretty', 'false'], box.folder);
    expect(said).toEqual({ code: 0, stdout: '', stderr: '' });
    const declarations = await readFile(join(box.folder, 'use.d.ts'), 'utf8');
    const shown = [...declarations.matchAll(/^export declare const (\w+): ([^;{]*)/gm)].map((match) => match.slice(1));
    expect(Object.fromEntries(shown)).toEqual({
      here: 'import("obverse").Side<Chat>',
      there: 'import("obverse").Side<import("obverse").Reverse<Chat>>',
      opened: 'Promise<import("obverse").Side<import("obverse").Reverse<Chat>>>',
      inverse: 'import("obverse").APIClass<import("obverse").Reverse<Chat>>',
      remote: 'import("obverse").Remote<import("obverse").Reverse<Chat>, "only outgoing methods',
      gather: 'import("obverse").Gather<import("obverse").Reverse<Chat>, "only outgoing methods',
      join: 'import("obverse").Incoming<(_sender: Sender, _args: ',
      said: 'import("obverse").Outgoing<(_receivers: Receivers, _args: ',
      question: 'import("obverse").Mark<"incoming", "request", "named", unknown>',
      mark: 'import("obverse").Marker<"outgoing">',
      answer: 'Promise<number>',
      close: 'PromiseLike<void>',
    });
  });
});
