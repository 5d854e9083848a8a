import { type Check, checkEach, isFunction, isObject, must } from '../../contract/check-options.js';
import { UsageError } from '../../contract/errors.js';
import type { ResumeOptions } from '../../types/resume.js';

/** The least of `bytes`: an acknowledgement is due after a quarter of it, and 16 KiB at least. */
const LEAST_BYTES = 64 * 1024;

const atLeast = (least: number, what: string): Check =>
  must((value) => typeof value === 'number' && value >= least, `a number of ${what} from ${least}`);

const checks: { readonly [O in keyof ResumeOptions]-?: Check } = {
  ms: atLeast(1, 'milliseconds'),
  bytes: atLeast(LEAST_BYTES, 'bytes'),
  hold: atLeast(0, 'bytes'),
  sessions: atLeast(0, 'sessions'),
  totalBytes: atLeast(0, 'bytes'),
  allow: must(isFunction, 'a function that returns true or false'),
};

/** The bounds of sessions that outlive their links, where the option does not specify them. */
export const RESUME = {
  ms: 120_000,
  bytes: 1024 * 1024,
  hold: 8 * 1024 * 1024,
  sessions: 1_000,
  totalBytes: 64 * 1024 * 1024,
} as const;

/** The option, with what it does not specify. */
export type Resuming = { readonly [B in keyof typeof RESUME]: number } & Pick<ResumeOptions, 'allow'>;

/** The check of the option `resume`. Throws a UsageError for an option in it that does not exist or does not fit. */
export const resumeOption: Check = (value) => {
  if (typeof value === 'boolean') return undefined;
  if (!isObject(value) || Array.isArray(value)) return 'true, or an object such as { ms: 120_000, sessions: 1_000 }';
  checkEach(value, checks, ' of resume');
  return undefined;
};

/** What the option specifies; undefined if no session outlives its link. Throws a UsageError as the check: a page loads that later. */
export function readResume(value: boolean | ResumeOptions | undefined): Resuming | undefined {
  if (value === undefined || value === false) return undefined;
  const expected = resumeOption(value);
  if (expected !== undefined) throw new UsageError(`the option "resume" must be ${expected}`);
  const given = value === true ? {} : value;
  const said = Object.entries(given).filter(([, each]) => each !== undefined);
  return { ...RESUME, ...Object.fromEntries(said.map(([name, each]) => [name, whole(each)])) };
}

/** A number as the hello can say it: whole, and less than `Infinity`. */
function whole(value: unknown): unknown {
  return typeof value === 'number' ? Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER) : value;
}
