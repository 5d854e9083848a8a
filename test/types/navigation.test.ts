import { join } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../spec/package.js';

/*
 * What an editor shows for the members of a side: the definition in the spec, through inversion, and its comments. Each
 * mark `|` in the text is the position of the cursor.
 */
const spec = join(root, 'test/types/spec.ts');
const editor = join(root, 'test/types/editor.ts');
const text = `
import { Chat } from './spec.js';
const here = Chat.create();
const there = Chat.invert().create();
const back = Chat.invert().invert().create();
here.room.|join.connect(() => 1);
there.room.|join(null, { nick: 'ann' });
there.remote.room.|join({ nick: 'ann' });
there.gather(null).room.|join({ nick: 'ann' });
back.room.|join.connect(() => 1);
there.house.attic.|join(null, { nick: 'ann' });
there.room.|left.connect(() => {});
here.to(null).room.|left({ nick: 'ann' });
there.|room.remote;
here.house.hall.left(null, { |nick: 'ann' });
here.room.join.connect((_sender, { |nick }) => nick.length);
`;

let service: ts.LanguageService;
const cursors: { line: string; at: number }[] = [];

beforeAll(() => {
  let content = '';
  for (const line of text.split('\n')) {
    const column = line.indexOf('|');
    if (column >= 0) cursors.push({ line: line.replace('|', ''), at: content.length + column });
    content += `${line.replace('|', '')}\n`;
  }
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const read = (file: string): string | undefined => (file === editor ? content : ts.sys.readFile(file));
  service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [editor],
    getScriptVersion: () => '1',
    getScriptSnapshot: (file) => {
      const found = read(file);
      return found === undefined ? undefined : ts.ScriptSnapshot.fromString(found);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (file) => file === editor || ts.sys.fileExists(file),
    readFile: read,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  });
  expect(service.getSemanticDiagnostics(editor).map(({ messageText }) => messageText)).toEqual([]);
}, 120_000);

function cursor(line: string): number {
  const found = cursors.find((each) => each.line === line);
  if (found === undefined) throw new Error(`there is no line ${line}`);
  return found.at;
}

/** The lines of the definition. */
function definitions(line: string): (string | undefined)[] {
  return (service.getDefinitionAtPosition(editor, cursor(line)) ?? []).map(({ fileName, textSpan }) => {
    const source = ts.sys.readFile(fileName) ?? '';
    const before = source.lastIndexOf('\n', textSpan.start) + 1;
    return fileName === spec ? source.slice(before, source.indexOf('\n', textSpan.start)).trim() : fileName;
  });
}

function comment(line: string): string {
  const info = service.getQuickInfoAtPosition(editor, cursor(line));
  return ts.displayPartsToString(info?.documentation);
}

describe('an editor', () => {
  const join_ = '@incoming({ hasReply: true }) join(_sender: Sender, _args: { nick: string }): Reply<number> {}';
  const left = '@outgoing left(_receivers: Receivers, _args: { nick: string }): void {}';

  it.each([
    ['here.room.join.connect(() => 1);', join_, 'Enter the room.'],
    ["there.room.join(null, { nick: 'ann' });", join_, 'Enter the room.'],
    ["there.remote.room.join({ nick: 'ann' });", join_, 'Enter the room.'],
    ["there.gather(null).room.join({ nick: 'ann' });", join_, 'Enter the room.'],
    ['back.room.join.connect(() => 1);', join_, 'Enter the room.'],
    ["there.house.attic.join(null, { nick: 'ann' });", join_, 'Enter the room.'],
    ['there.room.left.connect(() => {});', left, 'Somebody has left.'],
    ["here.to(null).room.left({ nick: 'ann' });", left, 'Somebody has left.'],
    ['there.room.remote;', 'readonly room = namespace(Room);', 'The room in front.'],
  ])('leads from %s to the spec, and shows its comment', (line, definition, documentation) => {
    expect(definitions(line)).toEqual([definition]);
    expect(comment(line)).toBe(documentation);
  });

  it.each([
    ["here.house.hall.left(null, { nick: 'ann' });", left],
    ['here.room.join.connect((_sender, { nick }) => nick.length);', join_],
  ])('leads from the argument in %s to the spec', (line, definition) => {
    expect(definitions(line)).toEqual([definition]);
  });
});
