import { UsageError } from './errors.js';

/** The error codes for a missing module: of Node for `import` and `require`, and of Vitest. */
const NOT_FOUND = /^(ERR_)?MODULE_NOT_FOUND$|^ERR_LOAD_URL$/;
/** The error, without a code, that Vite puts into a bundle in place of an optional package that is absent. */
const NOT_BUNDLED = /^Could not resolve /;

/**
 * The error for an optional package that could not be loaded, with the error of the runtime as its `cause`. It names
 * the command that installs the package only if the package is absent. If a package that exists fails to load, the text
 * says why.
 *
 * `user` begins the sentence: `the transport ws:`. `command` installs the package: `npm install ws`.
 */
export function packageError(user: string, name: string, command: string, cause: unknown): UsageError {
  if (isAbsent(name, cause)) return new UsageError(`${user} needs the package ${name} here: ${command}`, { cause });
  const text = cause instanceof Error ? cause.message : String(cause);
  const advice = /^Dynamic require of /.test(text)
    ? `. This bundle is an ES module, in which a CommonJS package has no "require"; define one in a banner ` +
      `(docs/transports.md, "Bundlers"), or leave the package out of the bundle (esbuild --external:${name})`
    : '';
  return new UsageError(`${user} needs the package ${name}, which was found, but failed to load: ${text}${advice}`, {
    cause,
  });
}

/** Whether the package itself was not found, and not one that it needs, nor a file of it. */
function isAbsent(name: string, cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  const { code, message } = cause as Error & { readonly code?: unknown };
  const isNotFound = typeof code === 'string' ? NOT_FOUND.test(code) : NOT_BUNDLED.test(message);
  // The rest names the module that imports it.
  const [what = ''] = message.split(/\n| imported | from /, 1);
  return isNotFound && new RegExp(`(?:^|[\\s'"])${name}(?:/[^\\s'"]*)?(?:[\\s'",]|$)`).test(what);
}
