import { dynamic } from '../rooms.js';
import type { DynamicMembers } from './members.js';

const names = [
  'setHandler',
  'mount',
  'unmount',
  'pathOf',
  'resolvePath',
  'callPath',
  'notifyPath',
  'streamPath',
] as const;

/** The methods of a side for what no spec declares. */
export type MemberName = (typeof names)[number];

/**
 * These methods for every side, whether the room with what they do is there or not: without it, they throw a UsageError. `root` is
 * the prototype that every spec has.
 */
export function dynamicMembers(root: object): object {
  let members: DynamicMembers | undefined;
  const membersFor = (name: MemberName): DynamicMembers => {
    members ??= dynamic.must(`${name}()`).membersOf(root);
    return members;
  };
  const entries = names.map((name) => [
    name,
    function (this: object, ...args: never[]): unknown {
      return membersFor(name)[name].apply(this, args);
    },
  ]);
  return {
    ...Object.fromEntries(entries),
    // A request never throws.
    async callPath(this: object, ...args: never[]): Promise<unknown> {
      return membersFor('callPath').callPath.apply(this, args);
    },
  };
}
