const PAGE = '(docs/transports.md, "TypeScript in workers and processes")';
const TYPESCRIPT = /\.[cm]?tsx?$/;

/** What to do about a worker that has failed because Node cannot run its TypeScript; undefined for another failure. */
export function workerAdvice(file: string, failure: unknown): string | undefined {
  return isRefused(file, failure)
    ? 'Node does not run this TypeScript in a worker by itself: name a .js file that registers tsx, or on Node 22 and later give ' +
        `execArgv: ['--import', 'tsx'] ${PAGE}`
    : undefined;
}

function isRefused(file: string, failure: unknown): boolean {
  if (!(failure instanceof Error)) return false;
  const { code, message, name } = failure as Error & { readonly code?: unknown };
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') return /"\.[cm]?tsx?"/.test(message);
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') return true;
  // Node strips types, but looks for the `.js` that an import names where there is only a `.ts`.
  if (code === 'ERR_MODULE_NOT_FOUND') return /\.[cm]?jsx?' imported from .*\.[cm]?tsx?$/.test(message);
  // A decorator.
  return name === 'SyntaxError' && TYPESCRIPT.test(file.replace(/[?#].*$/s, ''));
}

/** What to do if a program exits at once because Node cannot run its TypeScript; undefined for one to which this cannot happen. */
export function processAdvice(command: string, args: readonly string[]): string | undefined {
  const at = args.findIndex((arg) => !arg.startsWith('-'));
  const script = args[at];
  const isNode = /(?:^|[\\/])node(?:\.exe)?$/i.test(command);
  // An option before the script may name what compiles it.
  if (!isNode || at !== 0 || script === undefined || !TYPESCRIPT.test(script)) return undefined;
  return `if Node cannot run the TypeScript of ${script}, start it by process:node --import tsx ${script} ${PAGE}`;
}
