const PAGE = '(docs/transports.md, "TypeScript in workers and processes")';
const TYPESCRIPT = /\.[cm]?tsx?$/;

/** The hint for a worker that has failed because Node cannot run its TypeScript; undefined for another failure. */
export function workerAdvice(file: string, failure: unknown): string | undefined {
  return isRefused(file, failure)
    ? 'Node does not run this TypeScript in a worker by itself; use a .js file that registers tsx, or on Node 22 and later set ' +
        `execArgv: ['--import', 'tsx'] ${PAGE}`
    : undefined;
}

function isRefused(file: string, failure: unknown): boolean {
  if (!(failure instanceof Error)) return false;
  const { code, message, name } = failure as Error & { readonly code?: unknown };
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') return /"\.[cm]?tsx?"/.test(message);
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') return true;
  // Node strips types, but looks for the `.js` file that an import names, even if there is only a `.ts`.
  if (code === 'ERR_MODULE_NOT_FOUND') return /\.[cm]?jsx?' imported from .*\.[cm]?tsx?$/.test(message);
  // A decorator.
  return name === 'SyntaxError' && TYPESCRIPT.test(file.replace(/[?#].*$/s, ''));
}

/**
 * The hint for a program that exits at once because Node cannot run its TypeScript; undefined if that cannot be the
 * reason.
 */
export function processAdvice(command: string, args: readonly string[]): string | undefined {
  const at = args.findIndex((arg) => !arg.startsWith('-'));
  const script = args[at];
  const isNode = /(?:^|[\\/])node(?:\.exe)?$/i.test(command);
  // An option before the script may name a compiler.
  if (!isNode || at !== 0 || script === undefined || !TYPESCRIPT.test(script)) return undefined;
  return `if Node cannot run the TypeScript of ${script}, start it with process:node --import tsx ${script} ${PAGE}`;
}
