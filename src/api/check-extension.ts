import { aName, type Checks, checkEach, isFunction, isObject, must } from '../contract/check-options.js';
import { UsageError } from '../contract/errors.js';
import type { Extension, ExtensionNames, LazyExtension } from './extension.js';

const anObject = must(isObject, 'an object');
const aFunction = must(isFunction, 'a function');
/** What an extension may have, by names of its own. */
const named = ['options', 'callOptions', 'methodOptions', 'notifications', 'controls', 'requests', 'members'] as const;
const messages: readonly string[] = ['notifications', 'controls', 'requests'];

const checks: Checks = {
  name: aName,
  ...Object.fromEntries(named.map((slot) => [slot, anObject])),
  events: must(Array.isArray, 'a list of names'),
  ...Object.fromEntries(['checkCallOptions', 'installed', 'attach'].map((slot) => [slot, aFunction])),
} satisfies { readonly [K in keyof Extension]?: Checks[string] };

/**
 * Throws a UsageError for what is no extension, and for one that has an option, a message, a member or an event of the same name as the
 * core or one of the `others`.
 */
export function checkExtension(
  extension: Extension,
  others: Iterable<ExtensionNames | LazyExtension>,
  core: Readonly<Record<string, object>>,
): void {
  const where = 'install(): ';
  if (!isObject(extension) || !Object.hasOwn(extension, 'name'))
    throw new UsageError(
      `${where}an extension is an object with a name, such as { name: "quota", attach: (host) => … }`,
    );
  checkEach(extension, checks, ` of an extension`, where);
  const of = `${where}the extension "${extension.name}" has`;
  for (const slot of messages)
    for (const name of namesOf(extension, slot))
      if (!name.startsWith('rpc.'))
        throw new UsageError(`${of} the message "${name}", and names of messages of the library begin with "rpc."`);
  const owners = [...others].filter(({ name }) => name !== extension.name);
  for (const slot of [...named, 'events']) {
    for (const name of namesOf(extension, slot)) {
      const owner = owners.find((other) => namesOf(other, slot).includes(name));
      if (owner !== undefined || Object.hasOwn(core[slot] ?? {}, name))
        throw new UsageError(
          `${of} "${name}" in its ${slot}, as ${owner === undefined ? 'the core' : `"${owner.name}"`} has`,
        );
    }
  }
}

function namesOf(extension: object, slot: string): readonly string[] {
  const names = (extension as Readonly<Record<string, object | undefined>>)[slot];
  return Array.isArray(names) ? (names as string[]) : Object.keys(names ?? {});
}
