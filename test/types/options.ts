import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { blocksOf, nameOf } from '../docs/pages.js';
import { root, run, type Sandbox, sandbox } from '../spec/package.js';

/*
 * Users set compiler options that this repository does not. With each of them, the README's chat, the examples and the
 * declarations that they see must compile.
 */
const settings = {
  target: 'es2022',
  module: 'nodenext',
  moduleResolution: 'nodenext',
  lib: ['es2023', 'esnext.disposable'],
  types: ['node'],
  noEmit: true,
  strict: true,
  skipLibCheck: false,
};
const engines = ['pg', '@nats-io/transport-node', '@nats-io/jetstream'];
const changes = {
  'no further option': {},
  exactOptionalPropertyTypes: { exactOptionalPropertyTypes: true },
  noUncheckedIndexedAccess: { noUncheckedIndexedAccess: true },
  'noImplicitAny: false': { noImplicitAny: false },
  'strict: false': { strict: false },
  'strictNullChecks: false': { strictNullChecks: false },
  'strictFunctionTypes: false': { strictFunctionTypes: false },
  verbatimModuleSyntax: { verbatimModuleSyntax: true, isolatedModules: true },
  isolatedDeclarations: { isolatedDeclarations: true, declaration: true },
  erasableSyntaxOnly: { erasableSyntaxOnly: true },
  noPropertyAccessFromIndexSignature: { noPropertyAccessFromIndexSignature: true },
  'noImplicitOverride and noImplicitReturns': { noImplicitOverride: true, noImplicitReturns: true },
  'noUnusedLocals and noUnusedParameters': { noUnusedLocals: true, noUnusedParameters: true },
  'useDefineForClassFields: false': { useDefineForClassFields: false },
  'moduleResolution: bundler': { module: 'esnext', moduleResolution: 'bundler' },
  'module: preserve': { module: 'preserve', moduleResolution: 'bundler' },
  'the types of a page': { lib: ['esnext', 'dom'] },
  'legacy decorators with metadata': { experimentalDecorators: true, emitDecoratorMetadata: true },
};

/** Tests a compiler with each option but these. */
export function compilesWithEachOption(compiler: string, ...unknown: (keyof typeof changes)[]): void {
  let box: Sandbox;
  beforeAll(async () => {
    box = await sandbox({ js: false });
    for (const block of blocksOf('README.md'))
      if (block.info.startsWith('ts')) await writeFile(join(box.folder, nameOf(block)), block.code);
    await cp(join(root, 'examples'), join(box.folder, 'examples'), { recursive: true });
    // The types of other packages do not compile with each of the options.
    await writeFile(join(box.folder, 'engines.d.ts'), engines.map((name) => `declare module '${name}';\n`).join(''));
  }, 60_000);
  afterAll(() => box[Symbol.asyncDispose]());

  const names = (Object.keys(changes) as (keyof typeof changes)[]).filter((name) => !unknown.includes(name));
  it.each(names)('compiles the README and the examples: %s', { timeout: 120_000 }, async (name) => {
    const file = join(box.folder, `tsconfig.${name.replaceAll(/\W/g, '-')}.json`);
    const compilerOptions = { ...settings, ...changes[name] };
    await writeFile(file, JSON.stringify({ compilerOptions, include: ['*.ts', 'examples'] }));
    const { code, stdout } = await run(compiler, ['-p', file, '--pretty', 'false'], box.folder);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });
}
