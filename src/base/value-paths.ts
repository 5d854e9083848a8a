import { isMap, isSet } from './kinds.js';

/**
 * The path of an object in values, as `.a[0].b`, empty for the values themselves; undefined if it is not found.
 * Searches what `tagged` searches, each object once. It is for error texts, so that code that walks values need not
 * keep the path.
 */
export function pathTo(values: unknown, target: object): string | undefined {
  if (values === target) return '';
  if (typeof values !== 'object' || values === null) return undefined;
  const paths = new Map<object, string>([[values, '']]);
  for (const [holder, path] of paths) {
    try {
      for (const [key, read] of itemsOf(holder)) {
        const item = read();
        if (item === target) return path + key;
        if (typeof item === 'object' && item !== null && !paths.has(item)) paths.set(item, path + key);
      }
    } catch {
      // A value that throws when it is read contains nothing that was found.
    }
  }
  return undefined;
}

/** A key as part of a path. */
export function step(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** The items of an object: the path of each, and a function that reads it. Throws what looking at the object throws. */
export function itemsOf(holder: object): (readonly [key: string, read: () => unknown])[] {
  const asItem = (key: string, item: unknown) => [key, () => item] as const;
  if (ArrayBuffer.isView(holder)) return [];
  if (isMap(holder))
    return [...holder].flatMap(([key, item], at) => [asItem(`[key ${at}]`, key), asItem(`[value ${at}]`, item)]);
  if (isSet(holder)) return [...holder].map((item, at) => asItem(`[item ${at}]`, item));
  const isList = Array.isArray(holder);
  return Object.keys(holder).map((key) => [isList ? `[${key}]` : step(key), () => holder[key as never]]);
}
