import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/contract/errors.js';
import { packageError } from '../../src/contract/optional-package.js';

/* Whether a package is absent is read from the error that a runtime gives. These are the errors of the runtimes, word for word. */
const told = (name: string, text: string, code?: string): UsageError =>
  packageError('the transport ws:', name, `npm install ${name}`, Object.assign(new Error(text), code && { code }));

describe('a missing package is reported with the command that installs it', () => {
  it.each([
    ['Node, import', 'ws', "Cannot find package 'ws' imported from /app/server.js", 'ERR_MODULE_NOT_FOUND'],
    ['Node, require', 'ws', "Cannot find module 'ws'\nRequire stack:\n- /app/server.cjs", 'MODULE_NOT_FOUND'],
    ['Node, a part of it', 'msgpackr', "Cannot find module 'msgpackr/index-no-eval'", 'MODULE_NOT_FOUND'],
    ['Bun', 'msgpackr', "Cannot find package 'msgpackr' imported from /app/server.js", 'ERR_MODULE_NOT_FOUND'],
    ['Deno', 'ws', 'Import "ws" not a dependency\n    at file:///app/server.js:1:31', 'ERR_MODULE_NOT_FOUND'],
    ['Deno, a part of it', 'msgpackr', 'Import "msgpackr/index-no-eval" not a dependency', 'ERR_MODULE_NOT_FOUND'],
    ['Vite', 'ws', "Cannot find module 'ws' imported from '/app/server.js'", 'ERR_MODULE_NOT_FOUND'],
    ['Vitest', 'ws', 'Failed to load url ws (resolved id: ws). Does the file exist?', 'ERR_LOAD_URL'],
    ['a bundle of Vite 7', 'ws', 'Could not resolve "ws" imported by "obverse".', undefined],
    [
      'a bundle of Vite 8',
      'msgpackr',
      'Could not resolve "msgpackr/index-no-eval" imported by "obverse". Is it installed?',
      undefined,
    ],
    ['with a scope', '@scope/thing', "Cannot find package '@scope/thing' imported from /app", 'ERR_MODULE_NOT_FOUND'],
  ])('%s', (_runtime, name, text, code) => {
    const error = told(name, text, code);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toBe(`the transport ws: needs the package ${name} here: npm install ${name}`);
    expect(error.cause).toMatchObject({ message: text });
  });
});

describe('a package that fails while it loads is not reported as missing', () => {
  it.each([
    ['in a bundle', 'Dynamic require of "events" is not supported', undefined],
    [
      'a package that it needs',
      "Cannot find package 'buffers' imported from /app/node_modules/ws/a.js",
      'ERR_MODULE_NOT_FOUND',
    ],
    [
      'a file of it',
      "Cannot find module '/app/node_modules/ws/lib/a.js' imported from /app/ws/b.js",
      'ERR_MODULE_NOT_FOUND',
    ],
    [
      'a file of it, by require',
      "Cannot find module './lib/a'\nRequire stack:\n- /node_modules/ws/ws",
      'MODULE_NOT_FOUND',
    ],
    ['one with a longer name', "Cannot find package 'ws-next' imported from /app", 'ERR_MODULE_NOT_FOUND'],
    [
      'an old version',
      'Package subpath \'./a\' is not defined by "exports" in /ws/package.json',
      'ERR_PACKAGE_PATH_NOT_EXPORTED',
    ],
    ['what it throws', 'no ws today', undefined],
  ])('%s', (_what, text, code) => {
    const error = told('ws', text, code);
    expect(error.message).toContain(
      `the transport ws: needs the package ws, which was found, but failed to load: ${text}`,
    );
    expect(error.message).not.toContain('npm install');
    expect(error.cause).toMatchObject({ message: text });
  });

  it('whatever it throws, also if that is not an error', () => {
    expect(packageError('x', 'ws', 'npm install ws', 'oops').message).toContain('failed to load: oops');
  });
});
