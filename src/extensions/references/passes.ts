import { hubOf } from '../../api/side-class.js';
import { isMap, isPlain, isSet } from '../../base/kinds.js';
import type { Session } from '../../session/session.js';
import type { Host } from '../../session/session-host.js';
import { references } from '../rooms.js';
import { isStream } from '../streams/is-stream.js';
import { mustFitWritten } from '../values/written.js';
import type { Outward } from './outward.js';
import { isMarked } from './reference-mark.js';
import type { Passing } from './reference-tables.js';

export type { Passing } from './reference-tables.js';

/*
 * Whether a message has to do with references, which a page may not have loaded. Without them, nothing goes by reference: what
 * would, is refused, and everything else travels as the codec has it.
 */

/** What a session passes by reference. Throws a UsageError where references are not there. */
export function passingOf(session: Session): Passing {
  const { Passing } = references.must('what goes by reference (functions, objects, streams as arguments)');
  return new Passing(session);
}

/** Whether values are more than the codec can carry as they are: then they are passed. */
export function passes(host: Pick<Host, 'values' | 'codec' | 'limits'>, values: unknown): boolean {
  if (!host.values.isSpecial(values)) return false;
  if (references.here !== undefined || holdsReference(values)) return true;
  mustFitWritten(values, mostWritten(host));
  return false;
}

/** How many bytes values may be where an object is written as often as it occurs; any number where a codec hands over the objects. */
export function mostWritten({ codec, limits }: Pick<Host, 'codec' | 'limits'>): number {
  return codec.form === 'values' ? Number.POSITIVE_INFINITY : limits.frameBytes;
}

/**
 * Throws a ProtocolError, too large, for data that is sent besides arguments and results, and would be endless where an object is
 * written as often as it occurs.
 */
export function mustEnd(host: Pick<Host, 'values' | 'codec' | 'limits'>, data: unknown): void {
  if (host.values.isSpecial(data)) mustFitWritten(data, mostWritten(host));
}

/** Values that are no arguments, as they travel; undefined if they are plain. Throws for what cannot be passed to this peer. */
export function outward(session: Session, values: unknown): Outward | undefined {
  return passes(session.host, values) ? session.passing.outward(values) : undefined;
}

/** What has come goes to nobody: what was passed with it is released. Never throws. */
export function refuse(session: Session, values: unknown): void {
  if (references.here !== undefined) session.passing.refuse(values);
}

/** Looks into what `tagged` looks into, each object once: values may hold themselves. */
function holdsReference(values: unknown): boolean {
  const found = new Set<unknown>([values]);
  for (const value of found) {
    if (typeof value === 'function') return true;
    if (typeof value !== 'object' || value === null) continue;
    if (hubOf(value) !== undefined || isStream(value) || isOfMarked(value)) return true;
    for (const item of within(value)) if (typeof item === 'object' || typeof item === 'function') found.add(item);
  }
  return false;
}

function within(value: object): Iterable<unknown> {
  if (isMap(value)) return [...value.keys(), ...value.values()];
  if (isSet(value) || Array.isArray(value)) return value;
  return isPlain(value) ? Object.values(value) : [];
}

function isOfMarked(value: object): boolean {
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at)) {
    if (isMarked(at.constructor)) return true;
  }
  return false;
}
