import { hubOf } from '../prototypes.js';
import { references } from '../rooms.js';
import type { Host, Session } from '../session.js';
import { isStream } from '../streams/is-stream.js';
import type { Outward } from './leaving.js';
import { isMarked } from './marks.js';
import type { Passing } from './passing.js';

/*
 * Whether a message has to do with references, which a page may not have loaded. Without them, nothing goes by reference: what
 * would, is refused, and everything else travels as the codec has it.
 */

/** So deep is looked for what goes by reference; what is nested deeper is refused by the codec, or by the peer. */
const DEPTH = 100;

/** What a session passes by reference. Throws a UsageError where references are not there. */
export function passingOf(session: Session): Passing {
  const { Passing } = references.must('what goes by reference (functions, objects, streams as arguments)');
  return new Passing(session);
}

/** Whether values are more than the codec can carry as they are: then they are passed. */
export function passes({ values: ours }: Pick<Host, 'values'>, values: unknown): boolean {
  return ours.isSpecial(values) && (references.here !== undefined || holdsReference(values, DEPTH));
}

/** Values that are no arguments, as they travel; undefined if they are plain. Throws for what cannot be passed to this peer. */
export function outward(session: Session, values: unknown): Outward | undefined {
  return passes(session.host, values) ? session.passing.outward(values) : undefined;
}

/** What has come goes to nobody: what was passed with it is released. Never throws. */
export function refuse(session: Session, values: unknown): void {
  if (references.here !== undefined) session.passing.refuse(values);
}

function holdsReference(value: unknown, levels: number): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null || levels === 0) return false;
  if (hubOf(value) !== undefined || isStream(value) || isOfMarked(value)) return true;
  return Object.values(value).some((item) => holdsReference(item, levels - 1));
}

function isOfMarked(value: object): boolean {
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at)) {
    if (isMarked(at.constructor)) return true;
  }
  return false;
}
