/**
 * Whether two values are the same data, up to so many levels deep. What is not plain data, such as an instance of a class, is the same
 * only if it is the same object.
 */
export function isSameData(one: unknown, other: unknown, levels: number): boolean {
  if (Object.is(one, other)) return true;
  if (levels === 0 || typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return false;
  const prototype: unknown = Object.getPrototypeOf(one);
  if (prototype !== Object.getPrototypeOf(other)) return false;
  if (!Array.isArray(one) && prototype !== Object.prototype && prototype !== null) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(other, key) &&
      isSameData((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key], levels - 1),
  );
}
