/** At most so many methods has an object that is passed. */
export const MOST_MEMBERS = 1_000;

/** So many methods are as dear as one reference. */
const LIGHT = 16;

/** How much of the limit `references` a function or an object takes: one, and one more for every 16 methods. */
export function weightOf(members = 0): number {
  return 1 + Math.floor(members / LIGHT);
}

/** Whether a method is the object's own affair, wherever its members are called by a peer: its name begins with an underscore. */
export function isPrivate(name: string): boolean {
  return name.startsWith('_');
}
