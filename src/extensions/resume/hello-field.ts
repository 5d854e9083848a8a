/*
 * The field `resume` of `rpc.hello`, version 1. docs/wire.md describes it.
 */

/** Its name. */
export const FIELD = 'resume';
export const VERSION = 1;
/** A token of ours has 22 letters; a longer text than this is none. */
const LONGEST_TOKEN = 64;

/** What who dials says. */
export interface Asked {
  /** The number of the attempt: each is greater than the one before. */
  readonly dial: number;
  /** Names the session that is to go on, or with `over` to end. */
  readonly token: string | undefined;
  readonly over: boolean;
  readonly got: number;
  readonly sent: number;
  /** How many bytes it keeps unacknowledged. */
  readonly bytes: number;
}

/** Why another session begins in the place of the one that was asked for. */
export type Fresh = 'unknown' | 'expired' | 'overrun' | 'evicted' | 'closed' | 'unconfirmed' | 'given up';

/** What who listens answers. */
export interface Answer {
  readonly dial: number;
  /** Another session begins, with this name. */
  readonly token?: string | undefined;
  readonly ms?: number | undefined;
  readonly bytes?: number | undefined;
  readonly fresh?: string | undefined;
  /** The session goes on, or (with `fresh`) how much of it had arrived. */
  readonly got?: number | undefined;
  readonly sent?: number | undefined;
  readonly refused?: string | undefined;
}

/** The session that who listens begins: its name, and what that end keeps of it. */
export type Begun = Pick<Answer, 'ms' | 'bytes'> & { readonly token: string };

/** The field of who dials; undefined if it is none of this version. */
export function readAsked(value: unknown): Asked | undefined {
  const said = fieldsOf(value);
  if (said === undefined) return undefined;
  const { dial, token, over = false, got = 0, sent = 0, bytes = 0 } = said;
  if (!isCount(dial) || !isCount(got) || !isCount(sent) || !isCount(bytes) || typeof over !== 'boolean')
    return undefined;
  if (token !== undefined && !isToken(token)) return undefined;
  return { dial, token, over, got, sent, bytes };
}

/** The field of who listens; undefined if it is none of this version. */
export function readAnswer(value: unknown): Answer | undefined {
  const said = fieldsOf(value);
  if (said === undefined) return undefined;
  const { dial, token, ms, bytes, fresh, got, sent, refused } = said;
  const counts = [ms, bytes, got, sent].every((count) => count === undefined || isCount(count));
  if (!isCount(dial) || !counts || (token !== undefined && !isToken(token))) return undefined;
  if (token === undefined && refused === undefined && (got === undefined || sent === undefined)) return undefined;
  return { dial, token, fresh: textOf(fresh), refused: textOf(refused), ms, bytes, got, sent } as Answer;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  return fields.v === VERSION ? fields : undefined;
}

/** Whether a value is a number of messages, of bytes or of milliseconds. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isToken(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_TOKEN;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, LONGEST_TOKEN) : undefined;
}

/** What the words of the other side mean, for the texts of errors. */
const HINTS: Readonly<Record<string, string>> = {
  unknown: 'it does not know the session, as after a restart',
  expired: 'it was without a link for too long; option resume.ms of that side',
  overrun: 'too much waited for this side; option resume.hold of that side',
  evicted: 'too many sessions or bytes were kept; options resume.sessions and resume.totalBytes of that side',
  closed: 'it was closed there',
  'given up': 'this side had ended it',
  stale: 'a newer link has claimed it, or somebody else has used its name',
  another: 'the user or the certificate is another one, or its option resume.allow has returned false',
};

/** The meaning of such a word, in brackets. */
export function hintFor(word: string): string {
  const hint = Object.hasOwn(HINTS, word) ? HINTS[word] : undefined;
  return hint === undefined ? '' : ` (${hint})`;
}
