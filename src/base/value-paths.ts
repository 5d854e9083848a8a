import { isMap, isSet } from './kinds.js';

/**
 * Where an object stands in values, as `.a[0].b`, and empty for the values themselves; undefined if it is not found. Looks into
 * what `tagged` looks into, each object once. It is for texts: whoever walks values need not keep the path.
 */
export function pathTo(values: unknown, target: object): string | undefined {
  if (values === target) return '';
  if (typeof values !== 'object' || values === null) return undefined;
  const paths = new Map<object, string>([[values, '']]);
  for (const [holder, path] of paths) {
    for (const [key, item] of within(holder)) {
      if (item === target) return path + key;
      if (typeof item === 'object' && item !== null && !paths.has(item)) paths.set(item, path + key);
    }
  }
  return undefined;
}

/** A key as it stands in a path. */
export function step(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function within(holder: object): Iterable<readonly [key: string, item: unknown]> {
  try {
    if (ArrayBuffer.isView(holder)) return [];
    if (Array.isArray(holder)) return holder.map((item, at) => [`[${at}]`, item] as const);
    if (isMap(holder)) {
      return [...holder].flatMap(([key, item], at) => [
        [`[key ${at}]`, key] as const,
        [`[value ${at}]`, item] as const,
      ]);
    }
    if (isSet(holder)) return [...holder].map((item, at) => [`[item ${at}]`, item] as const);
    return Object.entries(holder).map(([key, item]) => [step(key), item] as const);
  } catch {
    // What throws when it is read holds nothing that was found.
    return [];
  }
}
