/** The most methods of an object that is passed by reference. */
export const MOST_MEMBERS = 1_000;

/** So many methods cost as much as one reference. */
const LIGHT = 16;

/** How much of the limit `references` a function or an object uses: one, and one more for every 16 methods. */
export function weightOf(members = 0): number {
  return 1 + Math.floor(members / LIGHT);
}

/** Whether a method is private, and cannot be called by peers: its name begins with an underscore. */
export function isPrivate(name: string): boolean {
  return name.startsWith('_');
}
