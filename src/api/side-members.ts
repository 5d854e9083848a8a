/*
 * The members that extensions add to every side. They are defined on the prototype that all specs have, which hands over how.
 */

/** Defines a member; undefined removes it. */
type Define = (key: string, member: PropertyDescriptor | undefined) => void;

const members = new Map<string, PropertyDescriptor | undefined>();
let define: Define = (key, member) => members.set(key, member);

/** Adds members to every side; those of the same names are replaced. */
export function addMembers(added: PropertyDescriptorMap): void {
  for (const [key, member] of Object.entries(added)) define(key, member);
}

/** Removes the members of these names from every side. */
export function removeMembers(removed: object): void {
  for (const key of Object.keys(removed)) define(key, undefined);
}

/** Takes how members are defined: for those that were added before, and for those that come. */
export function defineMembers(by: Define): void {
  define = by;
  for (const [key, member] of members) by(key, member);
}
