import type { Check } from '../contract/check-options.js';
import { UsageError } from '../contract/errors.js';
import { addCallOptions } from '../spec/call-options.js';
import { addMethodOptions } from '../spec/method-options.js';
import type { MethodDescriptor } from '../spec/method-table.js';
import type { Options } from '../types/options.js';
import type { Extension, ExtensionNames, LazyExtension } from './extension.js';
import { addMembers, removeMembers } from './side-members.js';

/** What is known of one extension. */
interface Entry {
  /** Undefined until it is installed. */
  installed?: Extension;
  lazy?: LazyExtension;
  loading?: Promise<void>;
}

/** By their names, in the order in which they were first named: in this order they attach, and their layers nest. */
const entries = new Map<string, Entry>();

function entryOf(name: string): Entry {
  let entry = entries.get(name);
  if (entry === undefined) {
    entry = {};
    entries.set(name, entry);
  }
  return entry;
}

/**
 * Adds extensions for the sides that are made or opened from now on, which are not checked. One that has the name of another takes its
 * place, in the order too. Returns a function that removes them: sides that are made afterwards do not have them.
 */
export function install(...extensions: readonly Extension[]): () => void {
  for (const extension of extensions) {
    const entry = entryOf(extension.name);
    removeMembers(entry.installed?.members ?? {});
    entry.installed = extension;
    addMembers(extension.members ?? {});
    addOptions(extension);
    extension.installed?.();
  }
  return () => {
    for (const extension of extensions) {
      const entry = entryOf(extension.name);
      if (entry.installed !== extension) continue;
      delete entry.installed;
      removeMembers(extension.members ?? {});
      if (entry.lazy !== undefined) addAbsentMembers(entry.lazy);
    }
  };
}

/** Adds its options of calls and of methods. */
function addOptions({ callOptions = {}, checkCallOptions, methodOptions = {} }: ExtensionNames): void {
  addCallOptions(callOptions, checkCallOptions);
  addMethodOptions(methodOptions);
}

/** Registers extensions that are loaded when an option or a method needs them. One that is installed already stays installed. */
export function registerLazy(...extensions: readonly LazyExtension[]): void {
  for (const lazy of extensions) {
    const entry = entryOf(lazy.name);
    entry.lazy = lazy;
    if (entry.installed !== undefined) continue;
    addOptions(lazy);
    addAbsentMembers(lazy);
  }
}

function addAbsentMembers(lazy: LazyExtension): void {
  const members = Object.entries(lazy.members ?? {}).map(([key, kind]) => [key, absentMember(key, kind, lazy)]);
  addMembers(Object.fromEntries(members) as PropertyDescriptorMap);
}

/** A member that names the entry that a page has to import. */
function absentMember(key: string, kind: string, { name }: LazyExtension): PropertyDescriptor {
  if (kind === 'getter') return { get: () => mustBeInstalled(name, key), configurable: true };
  const refuse = (): void => mustBeInstalled(name, `${key}()`);
  // A request never throws.
  return { value: kind === 'request' ? async () => refuse() : refuse };
}

/** The extensions that a side has now, in their order. */
export function* currentExtensions(): Generator<Extension> {
  for (const { installed, lazy } of entries.values()) {
    const extension = installed ?? lazy?.untilLoaded;
    if (extension !== undefined) yield extension;
  }
}

/** What the extensions add to the API of a side, installed or lazy. */
export function* addedNames(): Generator<ExtensionNames> {
  for (const { installed, lazy } of entries.values()) {
    const names = installed ?? lazy;
    if (names !== undefined) yield names;
  }
}

/** The events of the core. */
const coreEvents: readonly string[] = ['connect', 'disconnect'];

/**
 * The name of the extension that has an event; undefined for an event of the core. Throws a UsageError for one that does not exist, or
 * whose extension is not installed.
 */
export function eventOwner(event: unknown): string | undefined {
  if (coreEvents.includes(event as string)) return undefined;
  const owners = new Map(
    [...addedNames()].flatMap(({ name, events = [] }) => events.map((each) => [each, name] as const)),
  );
  const owner = owners.get(event as string);
  if (owner === undefined)
    throw new UsageError(
      `there is no event "${String(event)}"; there are ${[...coreEvents, ...owners.keys()].join(', ')}`,
    );
  mustBeInstalled(owner, `on('${String(event)}')`);
  return owner;
}

/** The checks of the options that extensions understand. */
export function extensionOptions(): Readonly<Record<string, Check>> {
  return Object.assign({}, ...[...addedNames()].map(({ options }) => options)) as Readonly<Record<string, Check>>;
}

/** Throws a UsageError if an extension is not installed: `what` needs it. */
export function mustBeInstalled(name: string, what: string): void {
  if (entries.get(name)?.installed === undefined) throw notInstalled(name, what);
}

/** The error where an extension is not installed: `what` needs it. */
export function notInstalled(name: string, what: string): UsageError {
  const entry = entries.get(name)?.lazy?.entry ?? `obverse/${name}`;
  return new UsageError(`${what}: a page, and each of its workers, imports '${entry}' for this, beside 'obverse'`);
}

/** The names of the lazy extensions that a method needs and that are not loaded. */
export function neededBy(
  method: MethodDescriptor,
  options: Options,
  direction: MethodDescriptor['direction'],
): string[] {
  return notInstalledWhere(({ when }) => when?.method?.(method, options, direction) === true);
}

function notInstalledWhere(test: (lazy: LazyExtension) => boolean): string[] {
  const found: string[] = [];
  for (const [name, { installed, lazy }] of entries)
    if (installed === undefined && lazy !== undefined && test(lazy)) found.push(name);
  return found;
}

/** Loads what the options of a side ask for, and the extensions of these names. Rejects if one cannot be loaded. */
export async function loadExtensions(options: Options, names: Iterable<string>): Promise<void> {
  const given = options as Readonly<Record<string, unknown>>;
  const { transport } = options as { readonly transport?: { readonly url?: unknown } };
  const addresses = String(transport?.url ?? transport);
  const asked = notInstalledWhere(
    ({ when }) =>
      when?.options?.some((name) => (given[name] ?? false) !== false) === true ||
      when?.addresses?.test(addresses) === true,
  );
  await Promise.all([...new Set([...asked, ...names])].map((name) => load(entryOf(name), name)));
}

/** Loads one, once. The next one who needs it tries again if it could not be loaded. */
function load(entry: Entry, name: string): Promise<void> | undefined {
  const { installed, lazy } = entry;
  if (installed !== undefined) return undefined;
  if (lazy?.load === undefined) return mustBeInstalled(name, 'a method of the spec') as undefined;
  entry.loading ??= lazy.load().then(
    (loaded) => void install(...[loaded].flat()),
    (error: unknown) => {
      delete entry.loading;
      throw error;
    },
  );
  return entry.loading;
}
